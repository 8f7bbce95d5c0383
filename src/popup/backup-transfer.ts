import { fromBase64, toBase64 } from './base64.ts';
import { save } from './files.ts';
import { background } from './rpc.ts';

/** Bytes that go over the port at once. */
const chunkSize = 256 * 1024;

/** Fetches a backup that was made, and hands it to the browser as a download. */
export async function saveBackup({ id, size, name }: { readonly id: string; readonly size: number; readonly name: string }): Promise<void> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  for (let offset = 0; offset < size; ) {
    const piece = fromBase64(await background.call('readBackup', { id, offset }));
    if (piece.length === 0) throw new Error('the backup ended too early');
    pieces.push(piece);
    offset += piece.length;
  }
  const url = URL.createObjectURL(new Blob(pieces, { type: 'application/octet-stream' }));
  save(url, name);
  // The browser takes its own copy once the download has begun.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
  await background.call('backupSaved', { id });
}

/** Gives a file to the background; answers the name of what it became there. */
export async function sendBackup(file: File): Promise<string> {
  const { id } = await background.call('receiveBackup', { size: file.size });
  for (let offset = 0; offset < file.size; offset += chunkSize) {
    const bytes = new Uint8Array(await file.slice(offset, offset + chunkSize).arrayBuffer());
    await background.call('putBackup', { id, offset, data: toBase64(bytes) });
  }
  return id;
}
