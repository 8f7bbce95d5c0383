import type { JSX } from 'preact';

/** Bare rows where something is about to be; seen only when waiting is felt. */
export function Bones({ rows }: { readonly rows: number }): JSX.Element {
  return (
    <div class="skeleton" role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, index) => (
        <div key={index} class="row">
          <span class="bone bone-avatar" />
          <span class="middle">
            <span class="bone bone-line short" />
            <span class="bone bone-line" />
          </span>
        </div>
      ))}
    </div>
  );
}
