import { fromBase64, toBase64 } from '../rpc/base64.ts';
import type { OpenedFile } from '../rpc/views/messages.ts';
import { longestInline } from '../rpc/views/messages.ts';
import { locale } from './t.tsx';

/** Files that are chosen, and not sent yet: more than that at once is a mistake. */
export const mostFiles = 10;
export const longestFile = 25_000_000;

/** “23 kB” */
export function sizeOf(bytes: number): string {
  if (bytes < 1000) return inUnit(bytes, 'byte', 'long', 0);
  return bytes < 1_000_000 ? inUnit(bytes / 1000, 'kilobyte', 'short', 0) : inUnit(bytes / 1_000_000, 'megabyte', 'short', 1);
}

/** “35%” */
export const shareOf = (share: number): string =>
  new Intl.NumberFormat(locale(), { style: 'percent', maximumFractionDigits: 0 }).format(share);

const inUnit = (amount: number, unit: string, unitDisplay: 'long' | 'short', digits: number): string =>
  new Intl.NumberFormat(locale(), {
    style: 'unit',
    unit,
    unitDisplay,
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(amount);

/** Longest side of a picture that is made smaller to fit into a message, pixels. */
const longestSide = 2048;

/**
 * The file as it travels: a picture that does not fit into a message is drawn anew, smaller, where that makes it fit; everything else goes as it is. What
 * a camera writes beside the picture is gone then.
 */
export async function fitting(file: File): Promise<{ readonly filename: string; readonly mimeType: string; readonly data: string }> {
  const smaller = file.size > longestInline && /^image\/(png|jpeg|webp)$/.test(file.type) ? await shrunk(file).catch(() => null) : null;
  const chosen = smaller ?? file;
  const filename = smaller ? `${file.name.replace(/\.[^.]*$/, '')}.jpg` : file.name;
  return { filename, mimeType: chosen.type, data: toBase64(new Uint8Array(await chosen.arrayBuffer())) };
}

async function shrunk(file: File): Promise<Blob | null> {
  const picture = await createImageBitmap(file);
  try {
    for (const side of [longestSide, longestSide / 2]) {
      const scale = Math.min(1, side / Math.max(picture.width, picture.height));
      const canvas = new OffscreenCanvas(Math.max(1, Math.round(picture.width * scale)), Math.max(1, Math.round(picture.height * scale)));
      canvas.getContext('2d')?.drawImage(picture, 0, 0, canvas.width, canvas.height);
      const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.85 });
      if (blob.size <= longestInline) return blob;
    }
    return null;
  } finally {
    picture.close();
  }
}

/** What may be played here; anything else is saved. */
const playable = /^(audio\/(mpeg|mp4|ogg|wav|webm|aac|flac)|video\/(mp4|webm|ogg))$/;

/** How an opened file is shown: by what its bytes are, for pictures, else by what the sender says. */
export function kindOf({ imageType, mimeType }: Pick<OpenedFile, 'imageType' | 'mimeType'>): 'image' | 'audio' | 'video' | 'other' {
  if (imageType !== null) return 'image';
  const type = mimeType?.split(';')[0]?.trim().toLowerCase() ?? '';
  if (!playable.test(type)) return 'other';
  return type.startsWith('audio/') ? 'audio' : 'video';
}

/** An address of its own for the bytes, under a type that no browser takes for a page. */
export function urlOf(file: OpenedFile): string {
  const kind = kindOf(file);
  const type = kind === 'image' ? (file.imageType as string) : kind === 'other' ? 'application/octet-stream' : (file.mimeType as string);
  return URL.createObjectURL(new Blob([fromBase64(file.data)], { type }));
}

export function save(url: string, filename: string): void {
  const link = document.createElement('a');
  link.href = url;
  link.download = filename;
  link.click();
}

/** Hands bytes that were made here to the browser as a download. */
export function saveBlob(blob: Blob, filename: string): void {
  const url = URL.createObjectURL(blob);
  save(url, filename);
  // The browser takes its own copy once the download has begun.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
