import type { JSX } from 'preact';
import { Users } from '../icons.ts';
import { Icon } from './Icon.tsx';

/** Stands where a conversation of two has the picture of its peer. */
export function GroupMark({ size = 40 }: { readonly size?: 28 | 40 }): JSX.Element {
  return (
    <span class="group-mark" style={{ inlineSize: `${size}px`, blockSize: `${size}px` }}>
      <Icon of={Users} size={size === 40 ? 20 : 16} />
    </span>
  );
}
