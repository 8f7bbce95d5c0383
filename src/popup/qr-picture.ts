import { findAddress } from './address.ts';

/** Longest side of a picture that is looked through, pixels: enough for a photograph of a code, and bounded whatever the file says. */
const longestSide = 1600;

/** Reads the QR code in a picture; null where there is none. The reader is fetched with the first picture. @throws DOMException when it is no picture */
export async function readQr(file: Blob): Promise<string | null> {
  const { decodeQR } = await import('qr/decode.js');
  const picture = await createImageBitmap(file);
  try {
    const scale = Math.min(1, longestSide / Math.max(picture.width, picture.height));
    const [width, height] = [Math.max(1, Math.round(picture.width * scale)), Math.max(1, Math.round(picture.height * scale))];
    const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
    if (!context) return null;
    context.fillStyle = '#fff'; // what is transparent is paper
    context.fillRect(0, 0, width, height);
    context.drawImage(picture, 0, 0, width, height);
    return decodeQR({ width, height, data: context.getImageData(0, 0, width, height).data });
  } catch {
    return null;
  } finally {
    picture.close();
  }
}

/** The address in a QR code: alone, or in what wallets and pages write around one. */
export async function addressInPicture(file: Blob): Promise<string | null> {
  const text = await readQr(file);
  return text === null ? null : findAddress(text);
}

/** What the QR code of an address says: wallets read it too (EIP-681). */
export const qrOfAddress = (address: string): string => `ethereum:${address}`;
