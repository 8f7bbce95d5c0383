import { fromBase64, toBase64 } from '../../../src/protocol/bytes.ts';
import type { Life } from '../device.ts';

/** Fetches a file that the background made, as a page does. */
export async function takeFile(
  { services: { parcels } }: Life,
  { id, size }: { readonly id: string; readonly size: number },
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for (let offset = 0; offset < size; ) {
    const piece = fromBase64(await parcels.read(id, offset));
    pieces.push(piece);
    offset += piece.length;
  }
  await parcels.saved(id);
  return Uint8Array.from(pieces.flatMap((piece) => [...piece]));
}

/** Gives a file to the background, in two pieces; answers its name there. */
export async function giveFile({ services: { parcels } }: Life, file: Uint8Array): Promise<string> {
  const { id } = await parcels.receive(file.length);
  const half = file.length >> 1;
  await parcels.put(id, 0, toBase64(file.subarray(0, half)));
  await parcels.put(id, half, toBase64(file.subarray(half)));
  return id;
}
