import type { Keystore } from '../keystore/keystore.ts';
import { NodeError } from '../network/errors.ts';
import type { Address } from '../protocol/address.ts';
import { equalBytes } from '../protocol/bytes.ts';
import { chooseContact } from '../protocol/contact-bundle.ts';
import type { Envelope } from '../protocol/envelope.ts';
import { type Clock, msToNs } from '../protocol/time.ts';
import { contactTopic, privateStoreTopic } from '../protocol/topic.ts';
import type { Records } from '../storage/records.ts';
import { createAgain } from './again.ts';
import { createSingle } from './exclusive.ts';
import type { Failpoint } from './failpoint.ts';
import type { NodeAccess } from './node-access.ts';

/** Makes the account reachable: its contact and its key backup on the node. Owed until the node has both, whatever happens in between. */
export interface Publication {
  /** Asks the node for what it has, and publishes what is missing. */
  run(): Promise<void>;
}

interface Deps {
  readonly address: Address;
  readonly keystore: Keystore;
  readonly records: Pick<Records, 'settings'>;
  readonly node: Pick<NodeAccess, 'url' | 'query' | 'publish'>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly failpoint: Failpoint;
  readonly changed: () => void;
}

const settingName = (address: Address): string => `published ${address}`;

/** Whether contact and key backup of this account have reached this node: noted on the disk when both were seen there, so that no note means owed. */
export async function isPublished(records: Pick<Records, 'settings'>, address: Address, url: string): Promise<boolean> {
  const nodes = await records.settings.get(settingName(address));
  return Array.isArray(nodes) && nodes.includes(url);
}

export function createPublication({ address, keystore, records, node, clock, signal, failpoint, changed }: Deps): Publication {
  let done = false;

  const publishContact = async (): Promise<void> => {
    const { envelopes } = await node.query({ topics: [contactTopic(address)], direction: 'descending', limit: 20 });
    const there = chooseContact(envelopes, address);
    const mine = keystore.publicBundle();
    if (there && !equalBytes(there.identityKey, mine.identityKey)) {
      // Another program made other keys for this wallet. To overwrite them would cut that one off without anybody having been asked.
      console.warn('the node holds a contact with other keys for this wallet');
      return;
    }
    if (there && there.version === 2 && equalBytes(there.preKey, mine.preKey)) return;
    const [legacy, signed] = keystore.contactMessages();
    const topic = contactTopic(address);
    const now = msToNs(clock());
    // Readers take the newest: the signed form is strictly later, since equal times are ordered by chance (SPEC 5.4).
    await node.publish([envelope(topic, now, legacy), envelope(topic, now + msToNs(1), signed)]);
    await failpoint('publication:contact');
  };

  const publishBackup = async (): Promise<void> => {
    const { envelopes } = await node.query({ topics: [privateStoreTopic(address)], direction: 'descending', limit: 20 });
    // Once one is there it is never overwritten: it is the one this account was restored from, or the one we put there.
    if (envelopes.some(({ message }) => message.length > 0)) return;
    await node.publish([envelope(privateStoreTopic(address), msToNs(clock()), await keystore.keyBackup())]);
    await failpoint('publication:backup');
  };

  const note = async (): Promise<void> => {
    if (await isPublished(records, address, node.url)) return;
    const nodes = await records.settings.get(settingName(address));
    await records.settings.put(settingName(address), [...(Array.isArray(nodes) ? nodes : []), node.url]);
    changed();
  };

  const run = createSingle(async () => {
    if (done || signal.aborted) return;
    try {
      await publishContact();
      await publishBackup();
      await note();
      done = true;
    } catch (error) {
      if (!(error instanceof NodeError)) throw error;
      again.later(error.retryAfterMs);
    }
  });
  const again = createAgain('publishing', run, signal);

  return { run };
}

const envelope = (contentTopic: string, timestampNs: bigint, message: Uint8Array): Envelope => ({ contentTopic, timestampNs, message });
