import type { Clock } from '../../protocol/time.ts';
import { RefusalError } from '../../rpc/errors.ts';
import type { KeptFile } from '../../rpc/views/messages.ts';
import type { FileKey } from '../../storage/records.ts';
import { createExclusive } from '../exclusive.ts';
import type { KeptFilesService } from '../services.ts';
import type { Session } from '../session.ts';
import type { Sessions } from '../sessions.ts';
import { existing } from './conversations.ts';
import { requestName } from './messages.ts';

interface Deps {
  readonly sessions: Pick<Sessions, 'current'>;
  readonly clock: Clock;
}

/** What is kept of an account in all. */
const mostFiles = 50;
const mostBytes = 100_000_000;

/** The files that somebody chose and has not sent: kept sealed with the draft, so that the death of the page loses nothing. */
export function createKeptFiles({ sessions, clock }: Deps): KeptFilesService {
  const writing = createExclusive();

  const keysOf = async ({ records }: Session, conversation: string): Promise<FileKey[]> =>
    (await records.files.keys()).filter(([where]) => where === conversation);
  const find = async (session: Session, conversation: string, id: string): Promise<FileKey | undefined> =>
    (await keysOf(session, conversation)).find(([, , name]) => name === id);
  const rowOf = ([conversation, , id]: FileKey): string => `${conversation} ${id}`;

  /** The page that sent it, or the background, may have died before it was taken away. */
  const isSent = async ({ keys, records }: Session, conversation: string, id: string): Promise<boolean> =>
    (await records.sent.get(await requestName(keys, conversation, id))) !== undefined;
  const drop = (session: Session, conversation: string, id: string): Promise<void> =>
    writing(async () => {
      const key = await find(session, conversation, id);
      if (key) await session.records.files.delete(key);
    });

  return {
    keep: (conversation, id, file) =>
      writing(async () => {
        const session = sessions.current();
        await existing(session, conversation);
        const before = await keysOf(session, conversation);
        if (before.some(([, , name]) => name === id)) return;
        const size = Math.floor((file.data.length * 3) / 4);
        const all = await session.records.files.keys();
        const bytes = all.reduce((sum, [, , , each]) => sum + each, size);
        if (all.length >= mostFiles || bytes > mostBytes) throw new RefusalError('too-many', 'Too many files wait to be sent.');
        // Two of one moment keep their order, and so do those that a clock which was set back puts before others.
        const at = Math.max(clock(), (before.at(-1)?.[1] ?? 0) + 1);
        const key: FileKey = [conversation, at, id, size];
        await session.records.files.put(key, await session.keys.sealRecord('files', rowOf(key), file));
      }),
    async list(conversation) {
      const session = sessions.current();
      const waiting: string[] = [];
      for (const [, , id] of await keysOf(session, conversation)) {
        if (await isSent(session, conversation, id)) await drop(session, conversation, id);
        else waiting.push(id);
      }
      return waiting;
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
