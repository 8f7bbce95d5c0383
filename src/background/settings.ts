import type { Keystore } from '../keystore/keystore.ts';
import { NodeError } from '../network/errors.ts';
import type { NodeClient } from '../network/node-client.ts';
import { RefusalError } from '../rpc/errors.ts';
import type { NodeTest, Settings, Theme } from '../rpc/views.ts';
import type { Records } from '../storage/records.ts';
import { clockSentence } from './node-state.ts';
import { defaultNodeUrl, nodeName, parseNodeUrl } from './node-url.ts';
import type { SettingsService } from './services.ts';

/** The settings that the other services read; kept in the clear, because they are needed while locked. */
export interface Preferences {
  nodeUrl(): Promise<string>;
  /** Returns the normal form that is kept. @throws RefusalError bad-params */
  setNodeUrl(url: string): Promise<string>;
  autoLockMinutes(): Promise<number | null>;
  setAutoLockMinutes(minutes: number | null): Promise<void>;
  /** After how many days the pre-key is renewed by itself; null: never. */
  rotateDays(): Promise<number | null>;
  setRotateDays(days: number | null): Promise<void>;
  theme(): Promise<Theme>;
  setTheme(theme: Theme): Promise<void>;
}

const themes: readonly unknown[] = ['system', 'light', 'dark', 'contrast'] satisfies Theme[];

export function createPreferences({ settings }: Pick<Records, 'settings'>): Preferences {
  return {
    async nodeUrl() {
      const url = await settings.get('nodeUrl');
      return typeof url === 'string' ? url : defaultNodeUrl;
    },
    async setNodeUrl(url) {
      const normal = parseNodeUrl(url);
      await settings.put('nodeUrl', normal);
      return normal;
    },
    async autoLockMinutes() {
      const minutes = await settings.get('autoLockMinutes');
      return typeof minutes === 'number' ? minutes : null;
    },
    setAutoLockMinutes: (minutes) => settings.put('autoLockMinutes', minutes),
    async rotateDays() {
      const days = await settings.get('rotateDays');
      return typeof days === 'number' && days > 0 ? days : null;
    },
    setRotateDays: (days) => settings.put('rotateDays', days),
    async theme() {
      const theme = await settings.get('theme');
      return themes.includes(theme) ? (theme as Theme) : 'system';
    },
    setTheme: (theme) => settings.put('theme', theme),
  };
}

interface Deps {
  readonly preferences: Preferences;
  readonly keystore: Pick<Keystore, 'state' | 'check' | 'preKeys'>;
  readonly connect: (url: string) => Pick<NodeClient, 'probe'>;
  readonly listSites: () => Promise<Settings['sites']>;
  readonly version: string;
  /** The node is another one now. */
  readonly moved: (url: string) => Promise<void>;
  /** The time until locking is another one now. */
  readonly renewLock: () => Promise<void>;
  /** Renews the pre-key if it is older than it may become now. */
  readonly rotateIfDue: () => void;
  readonly statusChanged: () => void;
}

export function createSettings({
  preferences,
  keystore,
  connect,
  listSites,
  version,
  moved,
  renewLock,
  rotateIfDue,
  statusChanged,
}: Deps): SettingsService {
  const read = async (): Promise<Settings> => ({
    nodeUrl: await preferences.nodeUrl(),
    autoLockMinutes: await preferences.autoLockMinutes(),
    theme: await preferences.theme(),
    sites: await listSites(),
    rotateDays: await preferences.rotateDays(),
    preKey: keystore.state() === 'open' ? preKeyView(keystore.preKeys()) : null,
    version,
  });
  return {
    read,
    async setNode(url, passphrase) {
      const next = parseNodeUrl(url);
      if (next === (await preferences.nodeUrl())) return read();
      // Whoever chooses the node sees with whom its user talks: a passer-by must not be able to.
      if (keystore.state() !== 'none') {
        if (passphrase === null) throw new RefusalError('wrong-passphrase', 'Another node needs your passphrase.', { field: 'passphrase' });
        await keystore.check(passphrase);
      }
      await preferences.setNodeUrl(next);
      await moved(next);
      return read();
    },
    testNode: (url) => testNode(url, connect),
    async setAutoLock(minutes) {
      await preferences.setAutoLockMinutes(minutes);
      await renewLock();
      return read();
    },
    async setRotateDays(days) {
      await preferences.setRotateDays(days);
      rotateIfDue();
      return read();
    },
    async setTheme(theme) {
      await preferences.setTheme(theme);
      statusChanged();
      return read();
    },
  };
}

const preKeyView = ({ newestMs, count }: ReturnType<Keystore['preKeys']>) => ({ madeAt: newestMs, count });

/** A clock that is off by more than this has its messages refused. */
const clockLimitMs = 4 * 60_000;

/** Asks a node how it is, and says so in a sentence. @throws RefusalError bad-params when the address is none for a node */
export async function testNode(text: string, connect: Deps['connect']): Promise<NodeTest> {
  const url = parseNodeUrl(text);
  try {
    const { version, roundTripMs, clockSkewMs } = await connect(url).probe();
    const off = clockSkewMs !== null && Math.abs(clockSkewMs) > clockLimitMs;
    const detail = off ? clockSentence(clockSkewMs) : `The node answers in ${roundTripMs} ms.`;
    return { url, ok: !off, roundTrip: roundTripMs, version, clockSkew: clockSkewMs, detail };
  } catch (error) {
    if (!(error instanceof NodeError)) throw error;
    return { url, ok: false, roundTrip: null, version: null, clockSkew: null, detail: sentences[error.reason](nodeName(url)) };
  }
}

const sentences: Record<NodeError['reason'], (name: string) => string> = {
  unreachable: (name) => `Nothing answers at ${name}.`,
  wrong: (name) => `Something answers at ${name}, but it is not an XMTP node.`,
  limited: (name) => `The node at ${name} asks us to slow down. Try again a little later.`,
  unauthorised: (name) => `The node at ${name} does not let us ask.`,
  refused: (name) => `The node at ${name} does not let us ask.`,
  failed: (name) => `The node at ${name} answered with an error.`,
};
