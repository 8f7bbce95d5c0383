import type { BackupSummary } from '../../keystore/backup-summary.ts';
import type { Keystore } from '../../keystore/keystore.ts';
import { equalBytes } from '../../protocol/bytes.ts';
import type { Clock } from '../../protocol/time.ts';
import type { BackupAccount, BackupReport, Restored } from '../../rpc/views/transfers.ts';
import type { Records } from '../../storage/records.ts';
import { createExclusive } from '../exclusive.ts';
import { packPin } from '../messages/pins.ts';
import { parseNodeUrl } from '../nodes/node-url.ts';
import { mostNodes, type Preferences } from '../preferences.ts';
import { badParams, refused } from '../refuse.ts';
import type { Backups, ExposureService } from '../services.ts';
import type { Session } from '../session.ts';
import type { Sessions } from '../sessions.ts';
import { parseSite } from '../sites/origins.ts';
import { setBackedUpAt, setSince } from './account-dates.ts';
import type { Adoption } from './accounts.ts';
import { type BackedData, type BackedSettings, mostMessages, readData, readSettings } from './backup-contents.ts';
import { gatherMessages, restoreMessages } from './backup-messages.ts';
import { restorePins } from './backup-pins.ts';
import type { Parcels } from './parcels.ts';

interface Deps {
  readonly keystore: Keystore;
  readonly records: Pick<Records, 'settings'>;
  readonly preferences: Preferences;
  readonly sessions: Sessions;
  readonly exposure: Pick<ExposureService, 'apply'>;
  readonly parcels: Pick<Parcels, 'offer' | 'received' | 'drop'>;
  readonly clock: Clock;
  readonly begin: Adoption['begin'];
  readonly makeRoom: Adoption['makeRoom'];
  /** The node is another one now. */
  readonly moved: (url: string) => void;
  readonly changed: () => void;
}

/** A file that is open: its keys are in the keystore, all else is here. */
interface Opened {
  readonly id: string;
  readonly summary: BackupSummary;
  readonly data: readonly BackedData[];
  readonly settings: BackedSettings;
}

export interface BackupsPart {
  readonly service: Backups;
  /** The page has done with a file. */
  dropped(id: string): void;
}

/** Backup files: made, checked, read in. */
export function createBackups({
  keystore,
  records,
  preferences,
  sessions,
  exposure,
  parcels,
  clock,
  begin,
  makeRoom,
  moved,
  changed,
}: Deps): BackupsPart {
  const exclusive = createExclusive();
  let opened: Opened | null = null;

  const gathered = async (session: Session, withMessages: boolean) => {
    const { rows, conversations, messages } = withMessages ? await gatherMessages(session) : { rows: [], conversations: [], messages: [] };
    if (messages.length > mostMessages)
      throw refused('file-too-large', 'refusals.backupTooLarge', { most: mostMessages, number: messages.length });
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

  const stateOf = ({ address, identityKey }: BackupSummary['accounts'][number]): BackupAccount['here'] => {
    const accounts = keystore.accounts();
    if (!accounts.some((account) => account.address === address)) return 'new';
    // While locked nobody can say more.
    if (keystore.state() !== 'open') return 'same';
    return equalBytes(keystore.keys(address).publicBundle().identityKey, identityKey) ? 'same' : 'other-keys';
  };

  const reportOf = ({ summary, data }: Opened): BackupReport => ({
    createdAt: summary.createdAt,
    accounts: summary.accounts.map((account, index) => ({
      address: account.address,
      here: stateOf(account),
      peers: data[index]?.pins.length ?? 0,
      conversations: data[index]?.conversations.length ?? 0,
      messages: data[index]?.messages.length ?? 0,
    })),
  });

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

  const service: Backups = {
    make: (passphrase, filePassphrase, withMessages) =>
      exclusive(async () => {
        const session = sessions.current();
        const { address } = session;
        const { keys, data } = await gathered(session, withMessages);
        const bytes = await keystore.sealBackup(address, passphrase, { filePassphrase, keys, data, settings: await currentSettings() });
        const parcel = parcels.offer(bytes, async () => {
          await setBackedUpAt(records, address, clock());
          changed();
        });
        return { ...parcel, name: `parley-backup-${new Date(clock()).toISOString().slice(0, 10)}.parley` };
      }),
    open: (id, filePassphrase) =>
      exclusive(async () => {
        const bytes = parcels.received(id);
        opened = null;
        const summary = await keystore.openBackup(bytes, filePassphrase);
        // Before anything is taken, so that a check is worth as much as the reading in.
        const data = summary.accounts.map((account) => readData(account.data));
        opened = { id, summary, data, settings: readSettings(summary.settings) };
        return reportOf(opened);
      }),
    restore: (id, passphrase) =>
      exclusive(async () => {
        parcels.received(id);
        if (opened?.id !== id) throw badParams('refusals.fileNotOpen');
        const { summary, data, settings } = opened;
        const fresh = keystore.state() === 'none';
        const index = summary.accounts.findIndex((account) => ['new', 'same'].includes(stateOf(account)));
        const account = summary.accounts[index];
        if (!account) throw badParams('refusals.fileForNobody');
        const added = stateOf(account) === 'new';
        if (!fresh) {
          sessions.current(); // what is locked takes nothing up
          await keystore.check(passphrase);
        }
        await takeSettings(settings, fresh);
        if (added) {
          await makeRoom();
          // Written first: a death in between must not turn old messages into news.
          await setSince(records, account.address, clock());
          await keystore.restoreAccount(index, passphrase);
          await setBackedUpAt(records, account.address, clock());
          await begin(account.address);
        }
        const session = sessions.of(account.address);
        const backed = data[index];
        const restored: Restored = {
          address: account.address,
          preKeys: added ? false : await session.keys.joinBackup(index),
          peers: await restorePins(session.pins, backed?.pins ?? [], clock()),
          messages: backed ? await restoreMessages(session, backed, (conversations) => session.keys.keysOfBackup(index, conversations)) : 0,
          left: summary.accounts.filter((each) => each !== account).map(({ address }) => address),
        };
        await session.names.join((backed?.names ?? []).map(({ peer, name }) => [peer, name]));
        session.topicsChanged();
        if (restored.preKeys) session.resume(false);
        parcels.drop(id);
        changed();
        return restored;
      }),
  };
  return {
    service,
    dropped(id) {
      if (opened?.id !== id) return;
      opened = null;
      keystore.closeBackup();
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
