import type { AccountKeys } from '../keystore/account-keys.ts';
import type { Keystore } from '../keystore/keystore.ts';
import { NodeError } from '../network/errors.ts';
import type { NodeClient } from '../network/node-client.ts';
import { RefusalError } from '../rpc/errors.ts';
import type { NodeComparison, NodeTest, Settings } from '../rpc/views/settings.ts';
import { parseNodeUrl, parseRpcUrl } from './nodes/node-url.ts';
import { mostNodes, type Preferences } from './preferences.ts';
import { badParams } from './refuse.ts';
import type { ExposureService, SettingsService } from './services.ts';
import { parseSite } from './sites/origins.ts';

interface Deps {
  readonly preferences: Preferences;
  readonly keystore: Pick<Keystore, 'state' | 'check'>;
  /** Of the account in front; null while locked. */
  readonly keys: () => Pick<AccountKeys, 'preKeys' | 'held' | 'sealsBackups'> | null;
  readonly connect: (url: string) => Pick<NodeClient, 'probe'>;
  readonly exposure: Pick<ExposureService, 'apply' | 'here'>;
  /** When a backup file was last made, ms. */
  readonly backedUp: () => Promise<number | null>;
  readonly version: string;
  /** Lays the nodes beside each other, or tells what came of it the last time. */
  readonly comparison: { run(): Promise<NodeComparison>; last(): Promise<NodeComparison | null> };
  /** The node is another one now. */
  readonly moved: () => Promise<void>;
  /** The time until locking is another one now. */
  readonly renewLock: () => Promise<void>;
  /** Sites may not have the keystore API any more. */
  readonly keystoreOff: () => Promise<void>;
  /** Renews the pre-key if it is older than it may become now. */
  readonly rotateIfDue: () => void;
  readonly statusChanged: () => void;
}

export function createSettings({
  preferences,
  keystore,
  keys,
  connect,
  exposure,
  backedUp,
  version,
  comparison,
  moved,
  renewLock,
  rotateIfDue,
  keystoreOff,
  statusChanged,
}: Deps): SettingsService {
  const ofKeys = (): Pick<Settings, 'preKey' | 'wallet'> => {
    const held = keys();
    if (!held) return { preKey: null, wallet: null };
    const { newestMs, count } = held.preKeys();
    return { preKey: { madeAt: newestMs, count }, wallet: { held: held.held(), sealsBackups: held.sealsBackups() } };
  };
  const read = async (): Promise<Settings> => ({
    nodeUrl: await preferences.nodeUrl(),
    nodes: await preferences.nodes(),
    standby: await preferences.standby(),
    publishToTwo: await preferences.publishesToTwo(),
    comparison: await comparison.last(),
    exposure: await preferences.exposure(),
    here: await exposure.here(),
    backedUpAt: await backedUp(),
    autoLockMinutes: await preferences.autoLockMinutes(),
    theme: await preferences.theme(),
    language: await preferences.language(),
    ensRpc: await preferences.ensRpc(),
    receipts: await preferences.receipts(),
    siteKeystore: await preferences.siteKeystore(),
    notifications: await preferences.notifications(),
    rotateDays: await preferences.rotateDays(),
    ...ofKeys(),
    version,
  });
  /** Whoever chooses the node sees with whom its user talks: a passer-by must not be able to. */
  const permitted = async (passphrase: string | null): Promise<void> => {
    if (keystore.state() === 'none') return;
    if (passphrase === null) throw new RefusalError('wrong-passphrase', 'Another node needs your passphrase.', { field: 'passphrase' });
    await keystore.check(passphrase);
  };
  /** Every page that is open shows the settings as they are now, whichever of them has changed one. */
  const changed = (): Promise<Settings> => {
    statusChanged();
    return read();
  };

  return {
    read,
    async setNode(url, passphrase) {
      const next = parseNodeUrl(url);
      if (next === (await preferences.nodeUrl())) return read();
      await permitted(passphrase);
      const kept = await preferences.nodes();
      await preferences.setNodeUrl(next);
      await preferences.setNodes([...new Set([...kept, next])].slice(-mostNodes));
      await moved();
      return changed();
    },
    async addNode(url) {
      const next = parseNodeUrl(url);
      const kept = await preferences.nodes();
      if (kept.includes(next)) return read();
      if (kept.length >= mostNodes) throw new RefusalError('too-many', `Parley keeps ${mostNodes} nodes at most.`);
      await preferences.setNodes([...kept, next]);
      return changed();
    },
    async removeNode(url) {
      const kept = await preferences.nodes();
      if (url === (await preferences.nodeUrl())) throw badParams('refusals.nodeInUse');
      const before = await preferences.nodeInUse();
      await preferences.setNodes(kept.filter((each) => each !== url));
      if (before === url) await moved();
      return changed();
    },
    async setStandby(url, on, passphrase) {
      const kept = await preferences.nodes();
      if (!kept.includes(url)) throw badParams('refusals.nodeNotKept');
      if (on) await permitted(passphrase);
      const [others, before] = [(await preferences.standby()).filter((each) => each !== url), await preferences.nodeInUse()];
      await preferences.setStandby(on ? [...others, url] : others);
      if (!on && before === url) await moved();
      return changed();
    },
    async setPublishToTwo(on) {
      await preferences.setPublishesToTwo(on);
      return changed();
    },
    compareNodes: comparison.run,
    async setExposure(mode) {
      const { sites } = await preferences.exposure();
      await preferences.setExposure({ mode, sites });
      await exposure.apply();
      return changed();
    },
    async exposeTo(text, on) {
      const site = parseSite(text);
      const { mode, sites } = await preferences.exposure();
      const others = sites.filter((each) => each !== site);
      await preferences.setExposure({ mode, sites: on ? [...others, site].sort() : others });
      await exposure.apply();
      return changed();
    },
    testNode: (url) => testNode(url, connect),
    async setAutoLock(minutes) {
      await preferences.setAutoLockMinutes(minutes);
      await renewLock();
      return changed();
    },
    async setRotateDays(days) {
      await preferences.setRotateDays(days);
      rotateIfDue();
      return changed();
    },
    async setNotifications(level) {
      await preferences.setNotifications(level);
      return changed();
    },
    async lossSeen() {
      await preferences.lossTold();
      statusChanged();
    },
    async setReceipts(on) {
      await preferences.setReceipts(on);
      return changed();
    },
    async setSiteKeystore(on) {
      await preferences.setSiteKeystore(on);
      if (!on) await keystoreOff();
      return changed();
    },
    async setTheme(theme) {
      await preferences.setTheme(theme);
      return changed();
    },
    async setEnsRpc(url, passphrase) {
      const next = url === null ? null : parseRpcUrl(url);
      // Whoever answers for names says to whom one writes.
      if (next !== null) await permitted(passphrase);
      await preferences.setEnsRpc(next);
      return changed();
    },
    async setLanguage(language) {
      await preferences.setLanguage(language);
      return changed();
    },
  };
}

/** A clock that is off by more than this has its messages refused. */
const clockLimitMs = 4 * 60_000;

/** Asks a node how it is. @throws RefusalError bad-params when the address is none for a node */
export async function testNode(text: string, connect: Deps['connect']): Promise<NodeTest> {
  const url = parseNodeUrl(text);
  try {
    const { version, roundTripMs, clockSkewMs } = await connect(url).probe();
    const off = clockSkewMs !== null && Math.abs(clockSkewMs) > clockLimitMs;
    return { url, ok: !off, roundTrip: roundTripMs, version, clockSkew: clockSkewMs, trouble: off ? 'clock' : null };
  } catch (error) {
    if (!(error instanceof NodeError)) throw error;
    return { url, ok: false, roundTrip: null, version: null, clockSkew: null, trouble: error.reason };
  }
}
