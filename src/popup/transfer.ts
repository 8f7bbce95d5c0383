import { fromBase64, toBase64 } from '../rpc/base64.ts';
import { saveBlob } from './files.ts';
import { background } from './rpc.ts';

/** Bytes that go over the port at once. */
const chunkSize = 256 * 1024;

/** A file that the background made. */
interface Made {
  readonly id: string;
  readonly size: number;
  readonly name: string;
}

/** Fetches a file that was made, and hands it to the browser as a download. */
export async function takeFile({ id, size, name }: Made, type = 'application/octet-stream'): Promise<void> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  for (let offset = 0; offset < size; ) {
    const piece = fromBase64(await background.call('readFile', { id, offset }));
    if (piece.length === 0) throw new Error('the file ended too early');
    pieces.push(piece);
    offset += piece.length;
  }
  saveBlob(new Blob(pieces, { type }), name);
  await background.call('fileSaved', { id });
}

/** Gives a file to the background; answers the name of what it became there. */
export async function giveFile(file: File): Promise<string> {
  const { id } = await background.call('receiveFile', { size: file.size });
  for (let offset = 0; offset < file.size; offset += chunkSize) {
    const bytes = new Uint8Array(await file.slice(offset, offset + chunkSize).arrayBuffer());
    await background.call('putFile', { id, offset, data: toBase64(bytes) });
  }
  return id;
}
