import { describe, expect, it } from 'vitest';
import { drawableTypeOf, type ImageType, imageSizeOf, mostPixels } from '../../src/content-types/index.ts';
import { concat, utf8 } from '../../src/protocol/bytes.ts';
import { fc } from '../support/fast-check.ts';

const be16 = (n: number): number[] => [n >> 8, n & 255];
const be32 = (n: number): number[] => [...be16(n >>> 16), ...be16(n & 0xffff)];
const le16 = (n: number): number[] => be16(n).reverse();
const le24 = (n: number): number[] => [n & 255, (n >> 8) & 255, n >> 16];
const png = (w: number, h: number) =>
  concat(Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13), utf8('IHDR'), Uint8Array.of(...be32(w), ...be32(h)));
const gif = (w: number, h: number) => concat(utf8('GIF89a'), Uint8Array.of(...le16(w), ...le16(h)));
const jpeg = (w: number, h: number) =>
  Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 0xff, 0xff, 0xdb, 0, 3, 9, 0xff, 0xc2, 0, 17, 8, ...be16(h), ...be16(w));
const webp = (kind: string, rest: number[]) =>
  concat(utf8('RIFF'), Uint8Array.of(0, 0, 0, 0), utf8(`WEBP${kind}`), Uint8Array.of(0, 0, 0, 0, ...rest));
const lossless = (w: number, h: number): number[] => {
  const bits = (w - 1) | ((h - 1) << 14);
  return [0x2f, bits & 255, (bits >>> 8) & 255, (bits >>> 16) & 255, bits >>> 24];
};

describe('the size of a picture', () => {
  it.each<[string, ImageType, Uint8Array]>([
    ['PNG', 'image/png', png(640, 480)],
    ['GIF', 'image/gif', gif(640, 480)],
    ['JPEG, behind other segments and a filling byte', 'image/jpeg', jpeg(640, 480)],
    ['WebP, lossy', 'image/webp', webp('VP8 ', [0, 0, 0, 0x9d, 1, 0x2a, ...le16(640), ...le16(480)])],
    ['WebP, lossless', 'image/webp', webp('VP8L', lossless(640, 480))],
    ['WebP, extended', 'image/webp', webp('VP8X', [0, 0, 0, 0, ...le24(639), ...le24(479)])],
  ])('is read from %s', (_, type, data) => {
    expect(imageSizeOf(type, data)).toEqual([640, 480]);
    expect(drawableTypeOf(data)).toBe(type);
    for (let length = 0; length < data.length; length++) expect(imageSizeOf(type, data.subarray(0, length))).toBeNull();
  });

  it('keeps what would fill the memory from being drawn', () => {
    expect(drawableTypeOf(png(10_000, mostPixels / 10_000))).toBe('image/png');
    for (const bomb of [
      png(10_000, mostPixels / 10_000 + 1),
      png(0xffffffff, 0xffffffff),
      png(0, 5),
      gif(65_535, 65_535),
      jpeg(65_535, 65_535),
    ])
      expect(drawableTypeOf(bomb)).toBeUndefined();
    expect(drawableTypeOf(utf8('<svg>'))).toBeUndefined();
  });

  it('is never read for ever, nor beyond the end', () => {
    const types: ImageType[] = ['image/png', 'image/gif', 'image/jpeg', 'image/webp'];
    fc.assert(
      fc.property(fc.constantFrom(...types), fc.uint8Array({ maxLength: 200 }), (type, data) => {
        const size = imageSizeOf(type, concat(type === 'image/jpeg' ? Uint8Array.of(0xff, 0xd8) : new Uint8Array(), data));
        return size === null || size.every(Number.isSafeInteger);
      }),
    );
  });
});
