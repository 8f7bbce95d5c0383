import type { Clock } from '../../protocol/time.ts';
import { RefusalError, toWireError } from '../../rpc/errors.ts';
import type { KeptFile, KeptFileHead } from '../../rpc/views/messages.ts';
import type { FileKey } from '../../storage/records.ts';
import { createExclusive } from '../exclusive.ts';
import { refused } from '../refuse.ts';
import type { KeptFilesService } from '../services.ts';
import type { Session } from '../session.ts';
import type { Sessions } from '../sessions.ts';
import { existing } from './conversations.ts';
import { requestName } from './messages.ts';

interface Deps {
  readonly sessions: Pick<Sessions, 'current'>;
  readonly clock: Clock;
  /** When the browser last lost what it had noted of what was sent, ms; null: never. */
  readonly lossAt: () => Promise<number | null>;
  /** Other files wait in this conversation now, or wait for something else. */
  readonly changed: (conversation: string) => void;
}

export interface WaitingFiles {
  readonly chosen: number;
  /** Sent off, and no message yet. */
  readonly leaving: number;
}

export interface KeptFiles extends KeptFilesService {
  /** How many wait in each of these conversations that has any: in its composer, and to become messages. */
  waiting(session: Session, conversations: readonly string[]): Promise<ReadonlyMap<string, WaitingFiles>>;
}

/** As it is kept; a version before knew no time at which it was sent off. */
type StoredHead = Omit<KeptFileHead, 'leaving'> & Partial<Pick<KeptFileHead, 'leaving'>> & { readonly offAt?: number };

/** As a page is told of a failure. */
const maybeSent = JSON.stringify(toWireError(new RefusalError('maybe-sent', 'This may have been sent already.'), 'own', () => undefined));

/** What is kept of an account in all. */
const mostFiles = 50;
const mostBytes = 100_000_000;

/** The files that somebody chose and has not sent: kept sealed with the draft, so that the death of the page loses nothing. */
export function createKeptFiles({ sessions, clock, lossAt, changed }: Deps): KeptFiles {
  const writing = createExclusive();

  const keysOf = async ({ records }: Session, conversation: string): Promise<FileKey[]> =>
    (await records.files.keys()).filter(([where]) => where === conversation);
  const find = async (session: Session, conversation: string, id: string): Promise<FileKey | undefined> =>
    (await keysOf(session, conversation)).find(([, , name]) => name === id);
  const rowOf = ([conversation, , id]: FileKey): string => `${conversation} ${id}`;

  const headOf = async ({ keys, records }: Session, key: FileKey): Promise<KeptFileHead | null> => {
    const sealed = await records.files.head(key);
    // A version before did not know of files that were sent off.
    if (sealed) {
      const { offAt = key[1], ...head } = (await keys.openRecord('fileHeads', rowOf(key), sealed)) as StoredHead;
      const { leaving = null } = head;
      const lost = leaving?.failure === null ? await lossAt() : null;
      // Whether it was sent was noted in what is lost: somebody has to look, for another try would be another message.
      return { ...head, leaving: leaving && lost !== null && offAt < lost ? { ...leaving, failure: maybeSent } : leaving };
    }
    // It was kept by a version that knew no heads.
    const file = await records.files.get(key);
    if (!file) return null;
    const { filename, mimeType } = (await keys.openRecord('files', rowOf(key), file)) as KeptFile;
    return { id: key[2], filename, mimeType, size: key[3], leaving: null };
  };

  /** The page that sent it, or the background, may have died before it was taken away. */
  const isSent = async ({ keys, records }: Session, conversation: string, id: string): Promise<boolean> =>
    (await records.sent.get(await requestName(keys, conversation, id))) !== undefined;
  const drop = (session: Session, conversation: string, id: string): Promise<void> =>
    writing(async () => {
      const key = await find(session, conversation, id);
      if (!key) return;
      await session.records.files.delete(key);
      changed(conversation);
    });
  /** Those of these keys that are not sent by now; what is, goes. */
  const headsOf = async (session: Session, keys: readonly FileKey[]): Promise<KeptFileHead[]> => {
    const heads: KeptFileHead[] = [];
    for (const key of keys) {
      const [conversation, , id] = key;
      const head = (await isSent(session, conversation, id)) ? null : await headOf(session, key);
      if (head) heads.push(head);
      else await drop(session, conversation, id);
    }
    return heads;
  };

  return {
    keep: (conversation, id, file, leaving = null) =>
      writing(async () => {
        const session = sessions.current();
        await existing(session, conversation);
        const before = await keysOf(session, conversation);
        if (before.some(([, , name]) => name === id)) return;
        const size = lengthOf(file.data);
        const all = await session.records.files.keys();
        const bytes = all.reduce((sum, [, , , each]) => sum + each, size);
        if (all.length >= mostFiles || bytes > mostBytes) throw refused('too-many', 'refusals.tooManyFilesWait');
        // Two of one moment keep their order, and so do those that a clock which was set back puts before others.
        const at = Math.max(clock(), (before.at(-1)?.[1] ?? 0) + 1);
        const key: FileKey = [conversation, at, id, size];
        const head: StoredHead = { id, filename: file.filename, mimeType: file.mimeType, size, leaving, offAt: clock() };
        const { keys } = session;
        const [sealed, sealedHead] = await Promise.all([
          keys.sealRecord('files', rowOf(key), file),
          keys.sealRecord('fileHeads', rowOf(key), head),
        ]);
        await session.records.files.put(key, sealed, sealedHead);
        changed(conversation);
      }),
    async list(conversation) {
      const session = sessions.current();
      return headsOf(session, await keysOf(session, conversation));
    },
    async leaving() {
      const session = sessions.current();
      const all = await session.records.files.keys();
      const found: string[] = [];
      for (const conversation of new Set(all.map(([where]) => where))) {
        const heads = await headsOf(
          session,
          all.filter(([where]) => where === conversation),
        );
        if (heads.some(({ leaving }) => leaving !== null)) found.push(conversation);
      }
      return found;
    },
    mark: (conversation, id, leaving) =>
      writing(async () => {
        const session = sessions.current();
        const key = await find(session, conversation, id);
        const head = key && (await headOf(session, key));
        if (!head) return false;
        const { keys, records } = session;
        await records.files.putHead(key, await keys.sealRecord('fileHeads', rowOf(key), { ...head, leaving, offAt: clock() }));
        changed(conversation);
        return true;
      }),
    async waiting(session, conversations) {
      const counts = new Map<string, WaitingFiles>();
      const keys = (await session.records.files.keys()).filter(([conversation]) => conversations.includes(conversation));
      const count = async (key: FileKey): Promise<void> => {
        const [head] = await headsOf(session, [key]);
        // Words that follow files are counted with these.
        if (!head || head.leaving?.after) return;
        const { chosen, leaving } = counts.get(key[0]) ?? { chosen: 0, leaving: 0 };
        counts.set(key[0], head.leaving ? { chosen, leaving: leaving + 1 } : { chosen: chosen + 1, leaving });
      };
      await Promise.all(keys.map(count));
      return counts;
    },
    async get(conversation, id) {
      const session = sessions.current();
      const key = await find(session, conversation, id);
      const sealed = key && (await session.records.files.get(key));
      return sealed ? ((await session.keys.openRecord('files', rowOf(key), sealed)) as KeptFile) : null;
    },
    drop: (conversation, id) => drop(sessions.current(), conversation, id),
  };
}

/** Of what base64 holds. */
const lengthOf = (base64: string): number => Math.floor((base64.length * 3) / 4) - (/=*$/.exec(base64)?.[0].length ?? 0);
