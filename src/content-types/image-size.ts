import { type ImageType, imageTypeOf } from './attachment.ts';

/** Width and height in pixels. */
export type ImageSize = readonly [width: number, height: number];

/** More pixels than that cost a browser more memory than a picture in a message is worth: a few kilobytes can stand for gigabytes. */
export const mostPixels = 50_000_000;

/** What the head of a picture says of its size; null where it says nothing that we understand. */
export function imageSizeOf(type: ImageType, data: Uint8Array): ImageSize | null {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  try {
    return readers[type](view);
  } catch (error) {
    if (error instanceof RangeError) return null; // it ends too early
    throw error;
  }
}

/** The type of a picture that may be drawn: known by its bytes, and of a size that is worth it. Anything else is for saving only. */
export function drawableTypeOf(data: Uint8Array): ImageType | undefined {
  const type = imageTypeOf(data);
  const size = type && imageSizeOf(type, data);
  return size && size[0] > 0 && size[1] > 0 && size[0] * size[1] <= mostPixels ? type : undefined;
}

const readers: Record<ImageType, (view: DataView) => ImageSize | null> = {
  'image/png': (view) => (view.getUint32(12) === fourCc('IHDR') ? [view.getUint32(16), view.getUint32(20)] : null),
  'image/gif': (view) => [view.getUint16(6, true), view.getUint16(8, true)],
  'image/webp': (view) => {
    switch (view.getUint32(12)) {
      case fourCc('VP8 '):
        return [view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff];
      case fourCc('VP8L'): {
        const bits = view.getUint32(21, true);
        return [(bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1];
      }
      case fourCc('VP8X'):
        return [uint24(view, 24) + 1, uint24(view, 27) + 1];
      default:
        return null;
    }
  },
  'image/jpeg': (view) => {
    // From segment to segment, up to the one that begins the frame.
    for (let at = 2; ; ) {
      if (view.getUint8(at) !== 0xff) return null;
      const marker = view.getUint8(at + 1);
      if (marker === 0xff) at += 1;
      else if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7)) at += 2;
      else if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker))
        return [view.getUint16(at + 7), view.getUint16(at + 5)];
      else if (marker === 0xd9 || marker === 0xda) return null;
      else at += 2 + Math.max(2, view.getUint16(at + 2));
    }
  },
};

const fourCc = (text: string): number => [...text].reduce((code, letter) => code * 256 + letter.charCodeAt(0), 0);

const uint24 = (view: DataView, at: number): number => view.getUint16(at, true) + view.getUint8(at + 2) * 65_536;
