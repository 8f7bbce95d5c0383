import { sha256 } from '../sha256.ts';

/** The hashes beside the way from a leaf to the root, the lowest first. */
export interface TreePath {
  /** 32 bytes each, one after the other. */
  readonly hashes: Uint8Array;
  /** One bit for each, the lowest first: set where that hash stands on the left. */
  readonly sides: number;
}

/** As many as the largest tree has levels; `sides` has room for more. */
const maxLevels = 16;
const hashLength = 32;

/** A tree of hashes over some bytes: one signature over its root is one over each of them. What has no neighbour moves up as it is. */
export class HashTree {
  readonly #levels: Buffer[][];

  /** `leaves`: hashes of bytes with `leafMark` in front; at least one. */
  constructor(leaves: readonly Buffer[]) {
    let level = [...leaves];
    this.#levels = [level];
    while (level.length > 1) {
      const next: Buffer[] = [];
      for (let at = 0; at < level.length; at += 2) {
        const [left, right] = [level[at] as Buffer, level[at + 1]];
        next.push(right ? joined(left, right) : left);
      }
      this.#levels.push(next);
      level = next;
    }
  }

  get leaves(): readonly Buffer[] {
    return this.#levels[0] as Buffer[];
  }

  get root(): Buffer {
    return this.#levels.at(-1)?.[0] as Buffer;
  }

  pathOf(index: number): TreePath {
    const hashes: Buffer[] = [];
    let [at, sides] = [index, 0];
    for (const level of this.#levels.slice(0, -1)) {
      const beside = level[at ^ 1];
      if (beside) {
        if (at & 1) sides |= 1 << hashes.length;
        hashes.push(beside);
      }
      at >>= 1;
    }
    return { hashes: Buffer.concat(hashes), sides };
  }
}

/** Stands before the bytes of which a leaf is the hash: it cannot be taken for a place where two meet. */
export const leafMark = Uint8Array.of(0);

/** The root to which a path leads; null where it cannot be one. */
export function rootOf(leaf: Buffer, { hashes, sides }: TreePath): Buffer | null {
  const levels = hashes.length / hashLength;
  if (!Number.isInteger(levels) || levels > maxLevels || sides >= 2 ** levels) return null;
  let at = leaf;
  for (let level = 0; level < levels; level++) {
    const beside = hashes.subarray(level * hashLength, (level + 1) * hashLength);
    at = sides & (1 << level) ? joined(beside, at) : joined(at, beside);
  }
  return at;
}

/** A mark and the two that meet: made once, since what meets is half of all that is hashed. */
const meeting = Buffer.alloc(1 + 2 * hashLength, 1);
function joined(left: Uint8Array, right: Uint8Array): Buffer {
  meeting.set(left, 1);
  meeting.set(right, 1 + hashLength);
  return sha256(meeting);
}
