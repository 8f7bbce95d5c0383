import { fromBase64, randomBytes, toBase64, toHex } from '../../protocol/bytes.ts';
import { RefusalError } from '../../rpc/errors.ts';
import { badParams } from '../refuse.ts';
import type { ParcelsService } from '../services.ts';

/** Bytes that go over the port at once. */
const chunkSize = 256 * 1024;
const longestFile = 256 * 1024 * 1024;

/** Files on their way between a page and the background, piece by piece. One in each direction at a time, and in memory alone. */
export interface Parcels {
  /** Holds a file out until it was read; `saved` hears when it is with its owner. */
  offer(bytes: Uint8Array, saved?: () => Promise<void>): { readonly id: string; readonly size: number };
  /** The whole file that was received. @throws RefusalError file-lost, backup-damaged */
  received(id: string): Uint8Array;
  /** It is no longer needed. */
  drop(id: string): void;
  readonly service: ParcelsService;
}

/** `dropped`: the page no longer needs what it gave. */
export function createParcels(dropped: (id: string) => void): Parcels {
  let outgoing: { readonly id: string; readonly bytes: Uint8Array; readonly saved: () => Promise<void> } | null = null;
  let incoming: { readonly id: string; readonly bytes: Uint8Array; received: number } | null = null;

  const incomingOf = (id: string) => {
    if (incoming?.id !== id) throw new RefusalError('file-lost', 'The file is not here any more. Choose it again.');
    return incoming;
  };
  const drop = (id: string): void => {
    if (outgoing?.id === id) outgoing = null;
    if (incoming?.id !== id) return;
    incoming = null;
    dropped(id);
  };

  return {
    offer(bytes, saved = async () => undefined) {
      outgoing = { id: toHex(randomBytes(8)), bytes, saved };
      return { id: outgoing.id, size: bytes.length };
    },
    received(id) {
      const { bytes, received } = incomingOf(id);
      if (received < bytes.length) throw new RefusalError('backup-damaged', 'The file is not complete.');
      return bytes;
    },
    drop,
    service: {
      async read(id, offset) {
        if (outgoing?.id !== id) throw new RefusalError('file-lost', 'The file is not here any more. Make it again.');
        return toBase64(outgoing.bytes.subarray(offset, offset + chunkSize));
      },
      async saved(id) {
        if (outgoing?.id !== id) return;
        await outgoing.saved();
        outgoing = null;
      },
      async receive(size) {
        if (size > longestFile) throw new RefusalError('not-a-backup', 'The file is too large.');
        if (incoming) drop(incoming.id);
        incoming = { id: toHex(randomBytes(8)), bytes: new Uint8Array(size), received: 0 };
        return { id: incoming.id };
      },
      async put(id, offset, data) {
        const file = incomingOf(id);
        const bytes = decoded(data);
        if (!bytes || offset !== file.received || offset + bytes.length > file.bytes.length) throw badParams('refusals.filePieces');
        file.bytes.set(bytes, offset);
        file.received += bytes.length;
        return null;
      },
      async close(id) {
        drop(id);
        return null;
      },
    },
  };
}

function decoded(data: string): Uint8Array | null {
  try {
    return fromBase64(data);
  } catch {
    return null;
  }
}
