import type { AccountKeys } from '../../keystore/account-keys.ts';
import type { Address } from '../../protocol/address.ts';
import type { ReactionView, Shown } from '../../rpc/views/messages.ts';
import type { Cache } from '../../storage/cache.ts';
import type { StoredMessage } from './model.ts';

/** One sign that somebody put to a message, or took off again. */
interface StoredReaction {
  /** Of the message that carried it. */
  readonly id: string;
  readonly conversation: string;
  readonly sender: Address;
  readonly mine: boolean;
  readonly at: number;
  readonly sign: string;
  readonly added: boolean;
}

/** What hangs on messages: kept by the message that it is about, which may come later or never. */
export interface Reactions {
  /** Takes up a reaction; the same one twice is one. Before its message is written, so that a death in between loses nothing. */
  note(message: StoredMessage, shown: Extract<Shown, { form: 'reaction' }>): Promise<void>;
  /** What hangs on each of these messages now: of each person and sign the last word (SPEC 10.5). `within`: where it counts. */
  of(messages: readonly string[], within: readonly string[]): Promise<ReactionView[][]>;
}

/** Reactions to one message that are kept. */
const most = 2_000;
const longestSign = 64;

export function createReactions(
  keystore: Pick<AccountKeys, 'blind' | 'sealRecord' | 'openRecord'>,
  cache: Pick<Cache, 'notes' | 'messages'>,
): Reactions {
  const keyOf = (message: string): Promise<string> => keystore.blind('reactions', message);
  const open = async (key: string, sealed: Uint8Array | undefined): Promise<readonly StoredReaction[]> =>
    sealed ? ((await keystore.openRecord('reactions', key, sealed)) as readonly StoredReaction[]) : [];
  return {
    async note({ id, conversation, sender, mine, sentAt: at }, { reference, sign, added }) {
      if (sign.length === 0 || sign.length > longestSign) return;
      const key = await keyOf((await cache.messages.get(reference))?.id ?? reference);
      const known = await open(key, await cache.notes.get(key));
      if (known.length >= most || known.some((each) => each.id === id)) return;
      const next = [...known, { id, conversation, sender, mine, at, sign, added }];
      await cache.notes.put(key, await keystore.sealRecord('reactions', key, next));
    },
    async of(messages, within) {
      const keys = await Promise.all(messages.map(keyOf));
      const sealed = await cache.notes.many(keys);
      const found = await Promise.all(keys.map((key, place) => open(key, sealed[place])));
      return found.map((each) => fold(each.filter(({ conversation }) => within.includes(conversation))));
    },
  };
}

function fold(reactions: readonly StoredReaction[]): ReactionView[] {
  const last = new Map<string, StoredReaction>();
  for (const each of reactions) {
    const key = `${each.sender} ${each.sign}`;
    const before = last.get(key);
    if (!before || each.at > before.at || (each.at === before.at && each.id > before.id)) last.set(key, each);
  }
  const signs = new Map<string, { senders: Address[]; mine: boolean }>();
  for (const { sender, sign, added, mine } of last.values()) {
    if (!added) continue;
    const hung = signs.get(sign) ?? { senders: [], mine: false };
    hung.senders.push(sender);
    hung.mine ||= mine;
    signs.set(sign, hung);
  }
  return [...signs].map(([sign, hung]) => ({ sign, ...hung }));
}
