import type { JSX } from 'preact';

/** A letter on a desk, made of lines. */
export function Letter(): JSX.Element {
  return (
    <svg
      class="letter"
      viewBox="0 0 240 104"
      fill="none"
      stroke="currentColor"
      stroke-width="1.75"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      <path class="faint" stroke="currentColor" d="M1 97h238" />
      <path d="M34 20a8 8 0 0 1 8-8h92a8 8 0 0 1 8 8v44a8 8 0 0 1-8 8H62L46 86V72h-4a8 8 0 0 1-8-8z" />
      <path class="faint" stroke="currentColor" d="M52 30h56M52 42h72M52 54h34" />
      <g class="accent">
        <path stroke="currentColor" d="M156 48a8 8 0 0 1 8-8h36a8 8 0 0 1 8 8v22a8 8 0 0 1-8 8h-2v10l-11-10h-23a8 8 0 0 1-8-8z" />
        <path stroke="currentColor" d="M172 59.500l6 6 12-12" />
      </g>
    </svg>
  );
}
