import type { JSX } from 'preact';

interface AvatarProps {
  readonly address: string;
  readonly size?: number;
  /** The colour of an account of one's own, by its place; a ring around the picture. */
  readonly color?: number | null;
}

/** A picture of an address: the same address the same picture. It helps to tell, it proves nothing. */
export function Avatar({ address, size = 40, color = null }: AvatarProps): JSX.Element {
  const { hue, strong, soft } = pictureOf(address);
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
      <path d={strong} fill={`oklch(46% 0.15 ${hue})`} />
      <path d={soft} fill={`oklch(66% 0.13 ${(hue + 130) % 360})`} />
    </svg>
  );
}

interface Picture {
  readonly hue: number;
  /** The cells of either colour, each as one path: a list of many addresses has an element for each. */
  readonly strong: string;
  readonly soft: string;
}

/** Those that were drawn last; more than a page has room for. */
const drawn = new Map<string, Picture>();
const mostDrawn = 500;

function pictureOf(address: string): Picture {
  const known = drawn.get(address);
  if (known) return known;
  const picture = draw(address);
  if (drawn.size >= mostDrawn) drawn.clear();
  drawn.set(address, picture);
  return picture;
}

/** Mirrored 6 by 6 cells inside a margin, from the digits of the address. */
function draw(address: string): Picture {
  const digits = [...address.slice(2).toLowerCase()].map((digit) => Number.parseInt(digit, 16) || 0);
  const hue = ((digits[0] ?? 0) * 256 + (digits[1] ?? 0) * 16 + (digits[2] ?? 0)) % 360;
  let [strong, soft] = ['', ''];
  for (let y = 0; y < 6; y++) {
    for (let x = 0; x < 3; x++) {
      const digit = digits[3 + y * 3 + x] ?? 0;
      const other = digits[21 + y * 3 + x] ?? 0;
      if ((digit ^ other) % 2 === 0) continue;
      const cells = `M${x + 1} ${y + 1}h1v1h-1zM${6 - x} ${y + 1}h1v1h-1z`;
      if (digit > 4) strong += cells;
      else soft += cells;
    }
  }
  return { hue, strong, soft };
}
