import type { AccountKeys } from '../../keystore/account-keys.ts';
import type { Address } from '../../protocol/address.ts';
import { RefusalError } from '../../rpc/errors.ts';
import { longestNickname } from '../../rpc/views/conversations.ts';
import type { Records } from '../../storage/records.ts';
import { createExclusive } from '../exclusive.ts';
import { badParams } from '../refuse.ts';

/** What the owner of an account calls other people. Nobody is told of it: it is kept here, sealed. */
export interface Names {
  /** Must have run before anything is looked up. */
  load(): Promise<void>;
  of(peer: Address): string | null;
  all(): ReadonlyMap<Address, string>;
  /** Gives a name, or with an empty one takes it away. @throws RefusalError bad-params, too-many */
  put(peer: Address, name: string): Promise<void>;
  /** Adds those of people who have no name here; answers how many. */
  join(names: Iterable<readonly [Address, string]>): Promise<number>;
}

export const mostNames = 10_000;

/** A name as it is kept: one line, without what turns or hides text. */
export function nicknameOf(text: string): string {
  const line = text
    .normalize('NFC')
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (mark) => (mark === '\u200d' ? mark : ' ')) // a joiner makes one emoji of several
    .replace(/\s+/gu, ' ')
    .trim();
  if ([...line].length > longestNickname) throw badParams('refusals.nameTooLong', { number: longestNickname });
  return line;
}

export function createNames(keystore: Pick<AccountKeys, 'sealRecord' | 'openRecord' | 'blind'>, records: Pick<Records, 'notes'>): Names {
  const writing = createExclusive();
  let names: ReadonlyMap<Address, string> = new Map();
  let key = '';
  let loading: Promise<void> | undefined;
  const load = (): Promise<void> => {
    loading ??= (async () => {
      key = await keystore.blind('notes', 'names');
      const sealed = await records.notes.get(key);
      if (sealed) names = new Map((await keystore.openRecord('notes', key, sealed)) as [Address, string][]);
    })().catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    return loading;
  };
  const write = async (next: ReadonlyMap<Address, string>): Promise<void> => {
    if (next.size > mostNames) throw new RefusalError('too-many', `Parley keeps ${mostNames} names at most.`);
    await records.notes.put(key, await keystore.sealRecord('notes', key, [...next]));
    names = next;
  };
  return {
    load,
    of: (peer) => names.get(peer) ?? null,
    all: () => names,
    async put(peer, text) {
      const name = nicknameOf(text);
      await load();
      await writing(async () => {
        const next = new Map(names);
        if (name === '') next.delete(peer);
        else next.set(peer, name);
        await write(next);
      });
    },
    async join(others) {
      await load();
      return writing(async () => {
        const next = new Map(names);
        for (const [peer, text] of others) {
          const name = nicknameOf(text);
          if (name !== '' && !next.has(peer)) next.set(peer, name);
        }
        const added = next.size - names.size;
        if (added > 0) await write(next);
        return added;
      });
    },
  };
}
