import { ProtocolError } from '../../protocol/errors.ts';
import type { Clock } from '../../protocol/time.ts';
import { RefusalError } from '../../rpc/errors.ts';
import type { ImportReport } from '../../rpc/views/transfers.ts';
import { createExclusive } from '../exclusive.ts';
import { epochsOf, groupOf } from '../messages/group-state.ts';
import { isAside, type StoredConversation, type StoredMessage, showPayload } from '../messages/model.ts';
import { refused } from '../refuse.ts';
import type { Exports } from '../services.ts';
import type { Session } from '../session.ts';
import type { Sessions } from '../sessions.ts';
import { mostMessages } from './backup-contents.ts';
import { messagesOf, packConversation, restoreMessages } from './backup-messages.ts';
import { exportDigest, packExported, readExport, writeExport } from './export-file.ts';
import type { Parcels } from './parcels.ts';

interface Deps {
  readonly sessions: Sessions;
  readonly parcels: Pick<Parcels, 'offer' | 'received' | 'drop'>;
  readonly clock: Clock;
  readonly changed: () => void;
}

/** Conversations in a file that anybody can read, and out of it again. Nothing of it needs the node. */
export function createExports({ sessions, parcels, clock, changed }: Deps): Exports {
  const exclusive = createExclusive();
  return {
    make: (only) =>
      exclusive(async () => {
        const session = sessions.current();
        await session.ready();
        const rows = rowsOf(session, only);
        const exportedAt = new Date(clock()).toISOString();
        const lines: string[] = [];
        let count = 0;
        for (const row of rows) {
          const messages: Awaited<ReturnType<typeof withWords>>[] = [];
          for await (const page of messagesOf(session, row.id)) messages.push(...(await Promise.all(page.map(withWords))));
          count += messages.length;
          if (count > mostMessages) throw refused('file-too-large', 'refusals.exportTooLarge', { number: mostMessages });
          const group = row.group ? groupOf(row.group) : null;
          lines.push(
            packExported({ conversation: packConversation(row), name: session.names.of(row.peer), group, messages: messages.reverse() }),
          );
        }
        const seal = await session.keys.sealExport(exportDigest(session.address, exportedAt, lines), rows);
        const parcel = parcels.offer(writeExport(session.address, exportedAt, lines, seal));
        return { ...parcel, name: `parley-${exportedAt.slice(0, 10)}.json`, conversations: rows.length, messages: count };
      }),
    take: (id) =>
      exclusive(async () => {
        const session = sessions.current();
        const read = readExport(parcels.received(id));
        if (read.account !== session.address)
          throw new RefusalError('other-account', 'This file belongs to another account.', { account: read.account });
        const messages = await restoreMessages(session, read, (conversations) =>
          session.keys.keysOfExport(read.digest, read.seal, conversations),
        );
        session.topicsChanged();
        parcels.drop(id);
        changed();
        const report: ImportReport = {
          exportedAt: read.exportedAt,
          conversations: read.conversations.length,
          messages: read.messages.length,
          added: messages,
        };
        return report;
      }),
  };
}

/** All conversations, or one: of a group with all its epochs. @throws RefusalError not-found */
function rowsOf({ rows }: Session, only: string | null): StoredConversation[] {
  const all = [...rows.all()].filter(({ rival }) => !rival);
  if (only === null) return all;
  const wanted = epochsOf(only, rows);
  const found = all.filter(({ id }) => wanted.includes(id));
  if (found.length === 0) throw new RefusalError('not-found', 'There is no such conversation.');
  return found;
}

/** A message, and what a person reads of it; what cannot be read any more goes along as it is. */
async function withWords({ mine: _, bySite: __, request: ___, ...message }: StoredMessage) {
  try {
    const { type, shown } = await showPayload(message.payload);
    const plain = shown.form === 'reply' ? shown.content : shown;
    const text = plain.form === 'text' ? plain.text : isAside(shown) && shown.form === 'reaction' ? shown.sign : null;
    return { ...message, type, text: text ?? ('fallback' in plain ? plain.fallback : null) };
  } catch (error) {
    if (error instanceof ProtocolError) return { ...message, type: 'unknown', text: null };
    throw error;
  }
}
