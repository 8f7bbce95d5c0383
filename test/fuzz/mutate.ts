const most = 65_536;

/** Pieces at which readers stumble: ends of number ranges, lengths, field heads, and words of JSON and URLs. */
const pieces: readonly Uint8Array[] = [
  ...[
    [0],
    [1],
    [0x7f],
    [0x80],
    [0xff],
    [0x80, 0x01],
    [0xff, 0xff, 0xff, 0xff, 0x0f],
    [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
  ],
  ...[
    [0x0a, 0x00],
    [0x12, 0x7f],
    [0x1a, 0xff, 0xff, 0xff, 0xff, 0x07],
    [0x0b],
    [0x0c],
    [0x78, 0x9c],
    [0x1f, 0x8b],
    [0xef, 0xbb, 0xbf],
    [0xed, 0xa0, 0x80],
    [0xc0, 0x80],
  ],
].map((bytes) => Uint8Array.from(bytes));
const texts = [
  '{}',
  '[]',
  '"',
  'null',
  '1e999',
  '-0',
  '__proto__',
  'constructor',
  '\\u0000',
  '\\ud800',
  'https://',
  '0x',
  '\0',
  '\n',
  '9007199254740993',
  '%00',
  '../',
];
const dictionary = [...pieces, ...texts.map((text) => new TextEncoder().encode(text))];

/** Makes an input out of two: a few changes, each small or of structure. */
export function mutate(input: Uint8Array, other: Uint8Array, random: () => number): Uint8Array {
  let bytes = input;
  const changes = 1 + Math.floor(random() ** 2 * 6);
  for (let change = 0; change < changes; change++) bytes = changed(bytes, other, random);
  return bytes.length > most ? bytes.slice(0, most) : bytes;
}

function changed(bytes: Uint8Array, other: Uint8Array, random: () => number): Uint8Array {
  const below = (limit: number): number => Math.floor(random() * limit);
  const at = below(bytes.length + 1);
  const length = 1 + below(random() < 0.8 ? 8 : Math.max(1, bytes.length));
  switch (below(9)) {
    case 0:
      return put(bytes, at, (byte) => byte ^ (1 << below(8)));
    case 1:
      return put(bytes, at, () => below(256));
    case 2:
      return put(bytes, at, (byte) => byte + (random() < 0.5 ? 1 : -1));
    case 3: // cut something out
      return join(bytes.subarray(0, at), bytes.subarray(at + length));
    case 4: // say something twice
      return join(bytes.subarray(0, at), bytes.subarray(at, at + length), bytes.subarray(at));
    case 5:
      return join(
        bytes.subarray(0, at),
        dictionary[below(dictionary.length)] as Uint8Array,
        bytes.subarray(random() < 0.5 ? at : at + length),
      );
    case 6: // the beginning of one, the end of another
      return join(bytes.subarray(0, at), other.subarray(below(other.length + 1)));
    case 7:
      return bytes.slice(0, at);
    default: {
      // A length that says more or less than there is: one in the place of a byte that looks like one.
      const lengths = [...bytes.keys()].filter((index) => (bytes[index] as number) > 0 && index + (bytes[index] as number) < bytes.length);
      return put(bytes, lengths[below(lengths.length)] ?? at, () => below(256));
    }
  }
}

function put(bytes: Uint8Array, at: number, next: (byte: number) => number): Uint8Array {
  if (at >= bytes.length) return join(bytes, Uint8Array.of(next(0) & 255));
  const copy = bytes.slice();
  copy[at] = next(copy[at] as number) & 255;
  return copy;
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** The shortest input found for which `fails` still holds: pieces are left out, then bytes made zero. Gives up after so many tries. */
export async function minimise(input: Uint8Array, fails: (bytes: Uint8Array) => Promise<boolean>, tries = 400): Promise<Uint8Array> {
  let best = input;
  let left = tries;
  for (let piece = best.length >> 1; piece >= 1 && left > 0; piece >>= 1) {
    for (let at = 0; at < best.length && left > 0; ) {
      left -= 1;
      const shorter = join(best.subarray(0, at), best.subarray(at + piece));
      if (await fails(shorter)) best = shorter;
      else at += piece;
    }
  }
  for (let at = 0; at < best.length && left > 0; at++) {
    if (best[at] === 0) continue;
    left -= 1;
    const plainer = put(best, at, () => 0);
    if (await fails(plainer)) best = plainer;
  }
  return best;
}
