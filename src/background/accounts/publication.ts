import type { AccountKeys } from '../../keystore/account-keys.ts';
import { NodeError } from '../../network/errors.ts';
import type { Address } from '../../protocol/address.ts';
import { equalBytes } from '../../protocol/bytes.ts';
import { chooseContact, type VerifiedContact } from '../../protocol/contact-bundle.ts';
import type { Envelope } from '../../protocol/envelope.ts';
import { type Clock, msToNs } from '../../protocol/time.ts';
import { contactTopic, privateStoreTopic } from '../../protocol/topic.ts';
import type { Records } from '../../storage/records.ts';
import { createSingle } from '../exclusive.ts';
import type { Failpoint } from '../failpoint.ts';
import { noteStop } from '../log.ts';
import type { NodeAccess } from '../nodes/node-access.ts';
import { createAgain } from '../sync/again.ts';

/** Makes the account reachable: its contact and its key backup on the node. Owed until the node has both, whatever happens in between. */
export interface Publication {
  /** Asks the node for what it has, and publishes what is missing. */
  run(): Promise<void>;
  /** Makes a new pre-key; `run` brings it to the node. */
  rotate(): Promise<void>;
  /** Takes what a node told of: another contact or backup than ours has it looked at anew. */
  take(envelopes: readonly Envelope[]): Promise<void>;
  /** The node may have lost what it had. */
  lookAgain(): Promise<void>;
}

interface Deps {
  readonly address: Address;
  readonly keystore: Pick<
    AccountKeys,
    'publicBundle' | 'contactMessages' | 'adoptPreKeys' | 'sealsBackups' | 'isBackedUpBy' | 'opens' | 'keyBackup' | 'rotatePreKey'
  >;
  readonly records: Pick<Records, 'settings'>;
  readonly node: Pick<NodeAccess, 'url' | 'query' | 'publish'>;
  /** Whether what becomes of both is told by the node, which is read in its order. */
  readonly told: () => Promise<boolean>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly failpoint: Failpoint;
  readonly changed: () => void;
  /** Pre-keys of another program of ours came: what could not be opened may open now. */
  readonly adopted: () => void;
}

/** A node may lose what it had: it is looked at this often, and at every start of the background. */
const lookAgainMs = 6 * 3_600_000;
/** The same of a node that tells of what comes: a start does not look then. */
const lookAgainToldMs = 24 * 3_600_000;

const settingName = (address: Address): string => `published ${address}`;

/** Whether contact and key backup of this account have reached this node: noted on the disk when both were seen there, so that no note means owed. */
export async function isPublished(records: Pick<Records, 'settings'>, address: Address, url: string): Promise<boolean> {
  const nodes = await records.settings.get(settingName(address));
  return Array.isArray(nodes) && nodes.includes(url);
}

/** Owed again, to every node. */
export const unpublish = ({ settings }: Pick<Records, 'settings'>, address: Address): Promise<void> =>
  settings.put(settingName(address), []);

/** When both were last seen at which node, ms. What is noted as published and was not seen since is looked at. */
const seenName = (address: Address): string => `seen ${address}`;

const owedName = (address: Address): string => `owed ${address}`;

/** What the making of an account leaves to its publication. */
export interface Owed {
  /** Whether other keys of this wallet give way: its owner was told what that costs, and said so. */
  readonly replaces: boolean;
}

/** Notes it down, before there is the account. */
export async function owe({ settings }: Pick<Records, 'settings'>, address: Address, { replaces }: Owed): Promise<void> {
  if (replaces) await settings.put(owedName(address), { replaces });
  else await settings.delete(owedName(address));
}

async function readOwed({ settings }: Pick<Records, 'settings'>, address: Address): Promise<Owed> {
  const owed = (await settings.get(owedName(address))) as { readonly replaces: boolean } | undefined;
  return { replaces: owed?.replaces === true };
}

export function createPublication(deps: Deps): Publication {
  const { address, keystore, records, node, told, clock, signal, failpoint, changed, adopted } = deps;
  /** When the node was last seen to have both, ms. */
  let doneAt: number | null = null;
  /** Grows with every rotation: what began before one says nothing of the keys after it. */
  let generation = 0;
  let rotating = false;

  /** The backups that the node holds, newest first. */
  const readBackups = async (): Promise<readonly Uint8Array[]> => {
    const { envelopes } = await node.query({ topics: [privateStoreTopic(address)], direction: 'descending', limit: 20 });
    return envelopes.map(({ message }) => message).filter((message) => message.length > 0);
  };

  const readContact = async (): Promise<VerifiedContact | null> => {
    const { envelopes } = await node.query({ topics: [contactTopic(address)], direction: 'descending', limit: 20 });
    return chooseContact(envelopes, address);
  };

  /** Another program of this owner may have rotated: its pre-keys come from its backup. */
  const adopt = async (backups: readonly Uint8Array[]): Promise<void> => {
    if (!(await keystore.adoptPreKeys(backups))) return;
    await failpoint('publication:adopted');
    adopted();
  };

  /** The backup that has to be published, if any. */
  const missingBackup = async (backups: readonly Uint8Array[], { replaces }: Owed): Promise<Envelope[]> => {
    const [newest] = backups;
    if (!keystore.sealsBackups()) return []; // the wallet is outside, and has signed for no backup
    // What we cannot open we do not overwrite: it may be all that another program of this wallet has left.
    if (newest && ((await keystore.isBackedUpBy(newest)) || (!replaces && !(await opensOne(backups))))) return [];
    return [envelope(privateStoreTopic(address), msToNs(clock()), await keystore.keyBackup())];
  };

  const opensOne = async (backups: readonly Uint8Array[]): Promise<boolean> => {
    for (const backup of backups) if (await keystore.opens(backup)) return true;
    return false;
  };

  const hasOtherKeys = (there: VerifiedContact | null): boolean =>
    there !== null && !equalBytes(there.identityKey, keystore.publicBundle().identityKey);

  /** The contact that has to be published, if any. */
  const missingContact = (there: VerifiedContact | null, { replaces }: Owed): Envelope[] => {
    const mine = keystore.publicBundle();
    const others = hasOtherKeys(there);
    if (others && !replaces) {
      // Another program made other keys for this wallet. To overwrite them would cut that one off without anybody having been asked.
      console.warn('the node holds a contact with other keys for this wallet');
      return [];
    }
    if (there && there.version === 2 && equalBytes(there.preKey, mine.preKey)) return [];
    if (there && !others && there.preKeyCreatedMs > mine.preKeyCreatedMs) {
      console.warn('the node holds a contact of ours with a newer pre-key that no backup has');
      return [];
    }
    const [legacy, signed] = keystore.contactMessages();
    const topic = contactTopic(address);
    const now = msToNs(clock());
    // Readers take the newest: the signed form is strictly later, since equal times are ordered by chance (SPEC 5.4).
    return [envelope(topic, now, legacy), envelope(topic, now + msToNs(1), signed)];
  };

  /** A node that says yes and keeps nothing is owed them still. */
  const areKept = async (backup: boolean, contact: boolean): Promise<boolean> => {
    const [backups, there] = await Promise.all([backup ? readBackups() : null, contact ? readContact() : null]);
    if (backup && !(backups?.[0] && (await keystore.isBackedUpBy(backups[0])))) return false;
    return !contact || (there !== null && equalBytes(there.preKey, keystore.publicBundle().preKey));
  };

  /** Notes that the node has both, or is owed them. */
  const note = async (has: boolean, stillTrue: () => boolean): Promise<void> => {
    if ((await isPublished(records, address, node.url)) === has) return;
    const nodes = await records.settings.get(settingName(address));
    // From here this write comes first, and what a rotation writes after it.
    if (!stillTrue()) return;
    const others = (Array.isArray(nodes) ? nodes : []).filter((url) => url !== node.url);
    await records.settings.put(settingName(address), has ? [...others, node.url] : others);
    changed();
  };

  const readSeen = async (): Promise<Readonly<Record<string, number>>> => {
    const seen = await records.settings.get(seenName(address));
    return seen !== null && typeof seen === 'object' ? (seen as Record<string, number>) : {};
  };

  /** `at` null: nothing is known of what the node has. */
  const noteSeen = async (at: number | null): Promise<void> => {
    const { [node.url]: before, ...others } = await readSeen();
    if (at !== null || before !== undefined)
      await records.settings.put(seenName(address), at === null ? others : { ...others, [node.url]: at });
  };

  /** Whether the node was seen to have both so lately that it is not asked. */
  const isSeen = async (): Promise<boolean> => {
    if (!(await told())) return doneAt !== null && clock() - doneAt < lookAgainMs;
    const at = doneAt ?? ((await isPublished(records, address, node.url)) ? (await readSeen())[node.url] : undefined);
    return at !== undefined && Math.abs(clock() - at) < lookAgainToldMs;
  };

  const run = createSingle(async (): Promise<void> => {
    if (signal.aborted || (await isSeen())) return;
    const begun = generation;
    const stillTrue = (): boolean => begun === generation && !rotating;
    try {
      const [backups, there, owed] = await Promise.all([readBackups(), readContact(), readOwed(records, address)]);
      await adopt(backups);
      const [backup, contact] = [await missingBackup(backups, owed), missingContact(there, owed)];
      if (backup.length + contact.length > 0) {
        // The backup first, where a node takes one after the other: what is sealed to a pre-key must never depend on this one device.
        await node.publish([...backup, ...contact]);
        // Once: if another program replaces these one day, its owner was asked there.
        if (contact.length > 0 && hasOtherKeys(there)) await owe(records, address, { replaces: false });
        await failpoint('publication:published');
        // Others can reach us from here on. Until it was seen there, every start looks.
        await note(true, stillTrue);
        await failpoint('publication:noted');
      }
      const kept = await areKept(backup.length > 0, contact.length > 0);
      if (!stillTrue()) return;
      if (!kept) {
        console.warn('the node took contact or key backup, and does not have it');
        await note(false, stillTrue);
        again.later(null);
        return;
      }
      again.reset();
      await note(true, stillTrue);
      if (!stillTrue()) return;
      doneAt = clock();
      await noteSeen(doneAt);
    } catch (error) {
      if (!(error instanceof NodeError)) throw error;
      again.later(error.retryAfterMs);
    }
  });
  const again = createAgain('publishing', run, signal);

  const lookAgain = async (): Promise<void> => {
    // Written first: whatever becomes of the look, the next start looks.
    await noteSeen(null);
    generation += 1;
    doneAt = null;
    // What a node has to say of it is not waited for.
    void run().catch((error: unknown) => signal.aborted || noteStop('publishing', error));
  };

  /** Whether this is what we published, or would. */
  const isOurs = async ({ contentTopic, message }: Envelope): Promise<boolean> =>
    contentTopic === contactTopic(address)
      ? keystore.contactMessages().some((mine) => equalBytes(mine, message))
      : keystore.sealsBackups() && keystore.isBackedUpBy(message);

  return {
    run,
    lookAgain,
    async take(envelopes) {
      const own = envelopes.filter(
        ({ contentTopic }) => contentTopic === contactTopic(address) || contentTopic === privateStoreTopic(address),
      );
      for (const each of own) if (!(await isOurs(each))) return lookAgain();
    },
    async rotate() {
      // No longer published, and known as such, before there is anything new: a death in between costs a look at the node.
      rotating = true;
      try {
        await unpublish(records, address);
        await keystore.rotatePreKey();
      } finally {
        generation += 1;
        doneAt = null;
        rotating = false;
      }
      await failpoint('publication:rotated');
      changed();
    },
  };
}

const envelope = (contentTopic: string, timestampNs: bigint, message: Uint8Array): Envelope => ({ contentTopic, timestampNs, message });
