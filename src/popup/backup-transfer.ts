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
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
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

function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 0x8000) text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return btoa(text);
}

const fromBase64 = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
