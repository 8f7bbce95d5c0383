import type { BackupSummary } from '../keystore/backup-summary.ts';
import type { Keystore } from '../keystore/keystore.ts';
import { equalBytes, fromBase64, randomBytes, toBase64, toHex } from '../protocol/bytes.ts';
import type { Clock } from '../protocol/time.ts';
import { RefusalError } from '../rpc/errors.ts';
import type { BackupAccount, BackupReport, Restored } from '../rpc/views.ts';
import type { Records } from '../storage/records.ts';
import { type Adoption, sinceName } from './accounts.ts';
import { type BackedData, type BackedSettings, mostMessages, readData, readSettings } from './backup-contents.ts';
import { gatherMessages, restoreMessages } from './backup-messages.ts';
import { restorePins } from './backup-pins.ts';
import { createExclusive } from './exclusive.ts';
import type { ExposureService } from './exposure.ts';
import { parseSite } from './exposure.ts';
import { parseNodeUrl } from './node-url.ts';
import { packPin } from './pins.ts';
import type { Backups } from './services.ts';
import type { Session } from './session.ts';
import type { Sessions } from './sessions.ts';
import { mostNodes, type Preferences } from './settings.ts';

interface Deps {
  readonly keystore: Keystore;
  readonly records: Pick<Records, 'settings'>;
  readonly preferences: Preferences;
  readonly sessions: Sessions;
  readonly exposure: Pick<ExposureService, 'apply'>;
  readonly clock: Clock;
  readonly begin: Adoption['begin'];
  /** The node is another one now. */
  readonly moved: (url: string) => void;
  readonly changed: () => void;
}

/** Bytes of a file that go over the port at once. */
const chunkSize = 256 * 1024;
const longestFile = 256 * 1024 * 1024;

const settingName = (address: string): string => `backed up ${address}`;

/** When a backup file of this account was last made here, ms; null: never. */
export async function backedUpAt({ settings }: Pick<Records, 'settings'>, address: string): Promise<number | null> {
  const at = await settings.get(settingName(address));
  return typeof at === 'number' ? at : null;
}

interface Incoming {
  readonly id: string;
  readonly bytes: Uint8Array;
  received: number;
  opened: { readonly summary: BackupSummary; readonly data: readonly BackedData[]; readonly settings: BackedSettings } | null;
}

/** Backup files: made, checked, read in. One of each kind at a time, and in memory alone. */
export function createBackups({ keystore, records, preferences, sessions, exposure, clock, begin, moved, changed }: Deps): Backups {
  const exclusive = createExclusive();
  let outgoing: { readonly id: string; readonly bytes: Uint8Array; readonly address: string } | null = null;
  let incoming: Incoming | null = null;

  const gathered = async (session: Session, withMessages: boolean) => {
    const { rows, conversations, messages } = withMessages ? await gatherMessages(session) : { rows: [], conversations: [], messages: [] };
    if (messages.length > mostMessages)
      throw new RefusalError('too-many', `A backup file takes ${mostMessages} messages at most; there are ${messages.length}.`);
    const pins = (await session.pins.all()).map(packPin);
    await session.names.load();
    const names = [...session.names.all()].map(([peer, name]) => ({ peer, name }));
    return { keys: rows.map(({ topic, key }) => ({ topic, key })), data: { pins, conversations, messages, names } };
  };

  const currentSettings = async (): Promise<BackedSettings> => {
    const { mode, sites } = await preferences.exposure();
    return {
      nodeUrl: await preferences.nodeUrl(),
      nodes: [...(await preferences.nodes())],
      theme: await preferences.theme(),
      language: await preferences.language(),
      autoLockMinutes: await preferences.autoLockMinutes(),
      rotateDays: await preferences.rotateDays(),
      exposure: { mode, sites: [...sites] },
    };
  };

  const incomingOf = (id: string): Incoming => {
    if (incoming?.id !== id) throw new RefusalError('not-found', 'The file is not here any more. Choose it again.');
    return incoming;
  };

  const stateOf = ({ address, identityKey }: BackupSummary['accounts'][number]): BackupAccount['here'] => {
    const accounts = keystore.accounts();
    if (!accounts.some((account) => account.address === address)) return 'new';
    // While locked nobody can say more.
    if (keystore.state() !== 'open') return 'same';
    return equalBytes(keystore.keys(address).publicBundle().identityKey, identityKey) ? 'same' : 'other-keys';
  };

  const reportOf = ({ opened }: Incoming): BackupReport => {
    const { summary, data } = opened as NonNullable<Incoming['opened']>;
    return {
      createdAt: summary.createdAt,
      accounts: summary.accounts.map((account, index) => ({
        address: account.address,
        here: stateOf(account),
        peers: data[index]?.pins.length ?? 0,
        conversations: data[index]?.conversations.length ?? 0,
        messages: data[index]?.messages.length ?? 0,
      })),
    };
  };

  /** Everything, where there was nothing; where there were settings, only nodes to choose from are added. */
  const takeSettings = async (settings: BackedSettings, all: boolean): Promise<void> => {
    const urls = [settings.nodeUrl, ...settings.nodes].flatMap((url) => valid(() => parseNodeUrl(url)));
    const kept = all ? [] : await preferences.nodes();
    await preferences.setNodes([...new Set([...kept, ...urls])].slice(0, mostNodes));
    if (!all) return;
    const [nodeUrl] = valid(() => parseNodeUrl(settings.nodeUrl));
    if (nodeUrl) {
      await preferences.setNodeUrl(nodeUrl);
      moved(nodeUrl);
    }
    await preferences.setTheme(settings.theme);
    if (settings.language) await preferences.setLanguage(settings.language);
    await preferences.setAutoLockMinutes(settings.autoLockMinutes);
    await preferences.setRotateDays(settings.rotateDays);
    const sites = settings.exposure.sites.flatMap((site) => valid(() => parseSite(site)));
    await preferences.setExposure({ mode: settings.exposure.mode, sites });
    await exposure.apply();
  };

  return {
    make: (passphrase, filePassphrase, withMessages) =>
      exclusive(async () => {
        outgoing = null;
        const session = sessions.current();
        const { keys, data } = await gathered(session, withMessages);
        const bytes = await keystore.sealBackup(session.address, passphrase, {
          filePassphrase,
          keys,
          data,
          settings: await currentSettings(),
        });
        outgoing = { id: toHex(randomBytes(8)), bytes, address: session.address };
        const day = new Date(clock()).toISOString().slice(0, 10);
        return { id: outgoing.id, size: bytes.length, name: `parley-backup-${day}.parley` };
      }),
    async read(id, offset) {
      if (outgoing?.id !== id) throw new RefusalError('not-found', 'The backup is not here any more. Make it again.');
      return toBase64(outgoing.bytes.subarray(offset, offset + chunkSize));
    },
    async saved(id) {
      if (outgoing?.id !== id) return;
      await records.settings.put(settingName(outgoing.address), clock());
      outgoing = null;
      changed();
    },
    async receive(size) {
      if (size > longestFile) throw new RefusalError('not-a-backup', 'The file is too large.');
      keystore.closeBackup();
      incoming = { id: toHex(randomBytes(8)), bytes: new Uint8Array(size), received: 0, opened: null };
      return { id: incoming.id };
    },
    async put(id, offset, data) {
      const file = incomingOf(id);
      const [bytes] = valid(() => fromBase64(data));
      if (!bytes || offset !== file.received || offset + bytes.length > file.bytes.length)
        throw new RefusalError('bad-params', 'The pieces of the file do not fit.', { field: 'offset' });
      file.bytes.set(bytes, offset);
      file.received += bytes.length;
      return null;
    },
    open: (id, filePassphrase) =>
      exclusive(async () => {
        const file = incomingOf(id);
        if (file.received < file.bytes.length) throw new RefusalError('backup-damaged', 'The file is not complete.');
        const summary = await keystore.openBackup(file.bytes, filePassphrase);
        // Before anything is taken, so that a check is worth as much as the reading in.
        const data = summary.accounts.map((account) => readData(account.data));
        file.opened = { summary, data, settings: readSettings(summary.settings) };
        return reportOf(file);
      }),
    restore: (id, passphrase) =>
      exclusive(async () => {
        const file = incomingOf(id);
        if (!file.opened) throw new RefusalError('bad-params', 'The file is not open.', { field: 'id' });
        const { summary, data, settings } = file.opened;
        const fresh = keystore.state() === 'none';
        const index = summary.accounts.findIndex((account) => ['new', 'same'].includes(stateOf(account)));
        const account = summary.accounts[index];
        if (!account) throw new RefusalError('bad-params', 'The file holds no account that can be taken up here.', { field: 'id' });
        const added = stateOf(account) === 'new';
        if (!fresh) {
          sessions.current(); // what is locked takes nothing up
          await keystore.check(passphrase);
        }
        await takeSettings(settings, fresh);
        if (added) {
          // Written first: a death in between must not turn old messages into news.
          await records.settings.put(sinceName(account.address), clock());
          await keystore.restoreAccount(index, passphrase);
          await records.settings.put(settingName(account.address), clock());
          await begin(account.address);
        }
        const session = sessions.of(account.address);
        const restored: Restored = {
          address: account.address,
          preKeys: added ? false : await session.keys.joinBackup(index),
          peers: await restorePins(session.pins, data[index]?.pins ?? [], clock()),
          messages: data[index] ? await restoreMessages(session, index, data[index]) : 0,
          left: summary.accounts.filter((each) => each !== account).map(({ address }) => address),
        };
        await session.names.join((data[index]?.names ?? []).map(({ peer, name }) => [peer, name]));
        session.topicsChanged();
        if (restored.preKeys) session.resume(false);
        incoming = null;
        keystore.closeBackup();
        changed();
        return restored;
      }),
    async close(id) {
      if (incoming?.id === id) {
        incoming = null;
        keystore.closeBackup();
      }
      if (outgoing?.id === id) outgoing = null;
      return null;
    },
  };
}

/** The value, or nothing where it is refused. */
function valid<T>(make: () => T): T[] {
  try {
    return [make()];
  } catch {
    return [];
  }
}
