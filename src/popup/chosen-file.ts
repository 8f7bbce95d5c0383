import { fromBase64, toBase64 } from '../rpc/base64.ts';
import type { KeptFileHead } from '../rpc/views/messages.ts';
import { background } from './rpc.ts';

/** A file that was chosen, now or in a page before this one. */
export interface ChosenFile {
  /** Its name for the background: that of the request which sends it. */
  readonly id: string;
  readonly filename: string;
  readonly mimeType: string;
  /** Bytes. */
  readonly size: number;
  /** The file itself; null where it is gone. */
  read(): Promise<File | null>;
  /** Resolves when the background has it, or has no room for it: then it is there for as long as this page is. */
  readonly kept: Promise<unknown>;
  /** Whether the background has it. */
  readonly held: () => boolean;
}

/** Gives a file to the background, one after the other: they stay in the order in which they were chosen. */
export function keepFile(
  conversation: string,
  file: File,
  before: Promise<unknown> | undefined,
  onFailure: (file: File, failure: unknown) => void,
): ChosenFile {
  const id = crypto.randomUUID();
  let held = false;
  const kept = (async () => {
    await before;
    const data = toBase64(new Uint8Array(await file.arrayBuffer()));
    await background.call('keepFile', { id: conversation, file: id, filename: file.name, mimeType: file.type, data });
    held = true;
  })().catch((failure: unknown) => onFailure(file, failure));
  return { id, filename: file.name, mimeType: file.type, size: file.size, read: async () => file, kept, held: () => held };
}

/** What a page before this one, or another window, has chosen: it is read when it is needed, and once. */
export function keptFile(conversation: string, head: KeptFileHead): ChosenFile {
  let reading: Promise<File | null> | null = null;
  const read = (): Promise<File | null> => {
    reading ??= readKept(conversation, head).catch((error: unknown) => {
      reading = null;
      throw error;
    });
    return reading;
  };
  const { id, filename, mimeType, size } = head;
  return { id, filename, mimeType, size, read, kept: Promise.resolve(), held: () => true };
}

async function readKept(conversation: string, { id }: KeptFileHead): Promise<File | null> {
  const file = await background.call('keptFile', { id: conversation, file: id });
  return file && new File([fromBase64(file.data)], file.filename, { type: file.mimeType });
}
