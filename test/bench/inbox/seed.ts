import { openSqliteStore } from '../../../src/node/store/sqlite.ts';
import type { ContactFacts, NewEnvelope } from '../../../src/node/store/store.ts';
import type { Envelope } from '../../../src/protocol/envelope.ts';
import { sha256 } from '../../../src/protocol/hash.ts';
import type { VerifiedBundle } from '../../../src/protocol/public-keys.ts';
import { parseTopic } from '../../../src/protocol/topic.ts';
import { type NodeApi, Writer } from '../../support/crowd.ts';
import { useCurve } from '../../support/curve.ts';
import { person } from '../../support/people.ts';

export const fullPeer = person('the one who says much');

/** Envelopes of one transaction. */
const atOnce = 2000;

/**
 * Puts people who write into the store of a node that is not running: each in a conversation, and one who has said much. All is sealed and signed as a node would take it;
 * only the asking is left out. `more` is put there as it is. Answers the newest words of that one.
 */
export async function seed(
  data: string,
  to: VerifiedBundle,
  size: number,
  messages: number,
  more: readonly Envelope[] = [],
): Promise<string> {
  await useCurve('module');
  const store = openSqliteStore({ data, thread: null });
  let waiting: NewEnvelope[] = [];
  const flush = async (): Promise<void> => {
    const now = waiting;
    waiting = [];
    await store.append(now);
  };
  const publish = (from: () => VerifiedBundle): Pick<NodeApi, 'publish'> => ({
    publish: async ({ envelopes = [] }) => {
      for (const { contentTopic = '', timestampNs = 0n, message = new Uint8Array() } of envelopes)
        waiting.push({
          topic: contentTopic,
          timestampNs,
          message,
          ...(parseTopic(contentTopic)?.kind === 'contact' && { contact: factsOf(from()) }),
        });
      if (waiting.length >= atOnce) await flush();
      return {} as Awaited<ReturnType<NodeApi['publish']>>;
    },
  });
  // What was said lies days back: what is looked at again for late arrivals is not all of it.
  let now = Date.now() - 3 * 86_400_000;
  const clock = (): number => now++;
  const writer = (name: string): Writer => {
    const made: Writer = new Writer(
      name,
      publish(() => made.me.contact),
      clock,
    );
    return made;
  };
  try {
    for (let index = 0; index < size - 1; index++) {
      const each = writer(`peer ${index}`);
      await each.publishContact();
      await (await each.invite(to))([`message 0 of peer ${index}`, `message 1 of peer ${index}`]);
    }
    const much = writer(fullPeer.name);
    await much.publishContact();
    const texts = Array.from({ length: messages }, (_, index) =>
      index % 1000 === 7 ? `needles in message ${index}` : `message ${index} of many, about as long as most messages are`,
    );
    await (await much.invite(to))(texts);
    for (const { contentTopic: topic, timestampNs, message } of more) waiting.push({ topic, timestampNs, message });
    await flush();
    return texts.at(-1) ?? '';
  } finally {
    await store.close();
    await useCurve('noble');
  }
}

const factsOf = ({ preKeyCreatedMs, identityKey, preKey }: VerifiedBundle): ContactFacts => ({
  version: 2,
  createdMs: preKeyCreatedMs,
  keys: sha256(identityKey, preKey),
  mustBeNewer: false,
});
