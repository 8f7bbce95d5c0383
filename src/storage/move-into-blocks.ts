import { unwrap } from 'idb';
import type { Begun } from './begun.ts';
import { putRows } from './blocks.ts';
import { answersOf } from './bulk.ts';
import type { MessageRecord, Schema } from './cache-schema.ts';
import { type Connection, wholly } from './connection.ts';

/** So few that a death loses little. */
const atOnce = 1_000;

/** Moves messages out of the rows in which earlier versions had each of them; a step is done whole or not at all, and the next start goes on. */
export async function moveIntoBlocks({ use, write }: Pick<Connection<Schema>, 'use' | 'write'>, begun: Begun): Promise<void> {
  const [first] = await use((db) => answersOf([unwrap(db.transaction('messages').store).openKeyCursor()]));
  for (let more = Boolean(first); more; )
    more = await write(async (db) => {
      const transaction = db.transaction(['messages', 'blocks'], 'readwrite');
      const rows = unwrap(transaction.objectStore('messages'));
      return wholly(transaction, async () => {
        const some = (await answersOf<MessageRecord[]>([rows.index('order').getAll(null, atOnce)])).flat();
        await putRows(unwrap(transaction.objectStore('blocks')), begun, some);
        for (const { id } of some) rows.delete(id);
        return some.length === atOnce;
      });
    });
}
