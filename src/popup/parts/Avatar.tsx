import type { JSX } from 'preact';

interface AvatarProps {
  readonly address: string;
  readonly size?: number;
  /** The colour of an account of one's own, by its place; a ring around the picture. */
  readonly color?: number | null;
}

/** A picture of an address: the same address the same picture. It helps to tell, it proves nothing. */
export function Avatar({ address, size = 40, color = null }: AvatarProps): JSX.Element {
  const { hue, cells } = draw(address);
  return (
    <svg
      class="avatar"
      {...(color !== null && { 'data-color': color })}
      width={size}
      height={size}
      viewBox="0 0 8 8"
      aria-hidden="true"
      shape-rendering="crispEdges"
    >
      <rect width="8" height="8" fill={`oklch(88% 0.06 ${hue})`} />
      {cells.map(({ x, y, strong }) => (
        <rect
          key={`${x}.${y}`}
          x={x}
          y={y}
          width="1"
          height="1"
          fill={strong ? `oklch(46% 0.15 ${hue})` : `oklch(66% 0.13 ${(hue + 130) % 360})`}
        />
      ))}
    </svg>
  );
}

/** Mirrored 6 by 6 cells inside a margin, from the digits of the address. */
function draw(address: string): { readonly hue: number; readonly cells: { x: number; y: number; strong: boolean }[] } {
  const digits = [...address.slice(2).toLowerCase()].map((digit) => Number.parseInt(digit, 16) || 0);
  const hue = ((digits[0] ?? 0) * 256 + (digits[1] ?? 0) * 16 + (digits[2] ?? 0)) % 360;
  const cells: { x: number; y: number; strong: boolean }[] = [];
  for (let y = 0; y < 6; y++) {
    for (let x = 0; x < 3; x++) {
      const digit = digits[3 + y * 3 + x] ?? 0;
      const other = digits[21 + y * 3 + x] ?? 0;
      if ((digit ^ other) % 2 === 0) continue;
      const strong = digit > 4;
      cells.push({ x: x + 1, y: y + 1, strong }, { x: 6 - x, y: y + 1, strong });
    }
  }
  return { hue, cells };
}
