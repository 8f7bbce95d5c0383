import type { JSX } from 'preact';
import encodeQr from 'qr';

/** A QR code, drawn as one path; dark on light in every theme, since not every camera reads the other way round. */
export function Qr({ text, label }: { readonly text: string; readonly label: string }): JSX.Element {
  const grid = encodeQr(text, 'raw', { border: 4, ecc: 'medium' });
  const size = grid.length;
  const path = grid
    .flatMap((line, y) => line.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : '')))
    .filter(Boolean)
    .join('');
  return (
    <svg class="qr-code" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label} shape-rendering="crispEdges">
      <path class="qr-paper" d={`M0 0h${size}v${size}h-${size}z`} />
      <path class="qr-ink" d={path} />
    </svg>
  );
}
