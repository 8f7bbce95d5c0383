import type { JSX } from 'preact';
import { t } from '../t.tsx';

/** Bare rows where something is about to be; seen only when waiting is felt. */
export function Bones({ rows }: { readonly rows: number }): JSX.Element {
  return (
    <div class="skeleton" role="status" aria-label={t('skeleton.loading')}>
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

/** The same where a conversation is about to be. */
export function BubbleBones(): JSX.Element {
  return (
    <div class="skeleton" role="status" aria-label={t('skeleton.loading')}>
      <span class="bone bone-bubble" />
      <span class="bone bone-bubble mine" />
      <span class="bone bone-bubble" />
      <span class="bone bone-bubble mine" />
    </div>
  );
}

/** The same where a page of words is about to be. */
export function PageBones(): JSX.Element {
  return (
    <div class="skeleton page" role="status" aria-label={t('skeleton.loading')}>
      {[0, 1, 2, 3].map((index) => (
        <div key={index}>
          <span class="bone bone-line short" />
          <span class="bone bone-line" />
          <span class="bone bone-line" />
        </div>
      ))}
    </div>
  );
}
