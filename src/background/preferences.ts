import type { Cell } from '../keystore/vault-store.ts';
import type { Loss, NotificationLevel, Theme } from '../rpc/views/account.ts';
import type { Exposure } from '../rpc/views/settings.ts';
import type { Records } from '../storage/records.ts';
import { isLanguageSetting, type LanguageSetting } from '../words/languages.ts';
import { defaultNodeUrl, parseNodeUrl } from './nodes/node-url.ts';

/** The settings that the other services read; kept in the clear, because they are needed while locked. */
export interface Preferences {
  nodeUrl(): Promise<string>;
  /** Returns the normal form that is kept. @throws RefusalError bad-params */
  setNodeUrl(url: string): Promise<string>;
  /** With the account the address goes too. */
  forgetNode(): Promise<void>;
  /** The last time that the browser had lost what is kept here, or went back to an older state of it; null: it never has. */
  loss(): Promise<(Loss & { readonly told: boolean }) | null>;
  setLoss(loss: Loss): Promise<void>;
  /** Somebody has read of it. */
  lossTold(): Promise<void>;
  /** The addresses that are kept, the one in use among them. */
  nodes(): Promise<readonly string[]>;
  setNodes(urls: readonly string[]): Promise<void>;
  /** The chosen one, or the one that steps in for it. */
  nodeInUse(): Promise<string>;
  /** Which one steps in; null: none has to. */
  setStandIn(url: string | null): Promise<void>;
  /** Those of the kept ones that may step in, in their order. */
  standby(): Promise<readonly string[]>;
  setStandby(urls: readonly string[]): Promise<void>;
  publishesToTwo(): Promise<boolean>;
  setPublishesToTwo(on: boolean): Promise<void>;
  autoLockMinutes(): Promise<number | null>;
  setAutoLockMinutes(minutes: number | null): Promise<void>;
  /** After how many days the pre-key is renewed by itself; null: never. */
  rotateDays(): Promise<number | null>;
  setRotateDays(days: number | null): Promise<void>;
  /** Where pages see `window.xmtp`. */
  exposure(): Promise<Exposure>;
  setExposure(exposure: Exposure): Promise<void>;
  /** Whether others learn that their messages were read. */
  notifications(): Promise<NotificationLevel>;
  setNotifications(level: NotificationLevel): Promise<void>;
  receipts(): Promise<boolean>;
  setReceipts(on: boolean): Promise<void>;
  /** Whether sites may ask for the keystore API. */
  siteKeystore(): Promise<boolean>;
  setSiteKeystore(on: boolean): Promise<void>;
  theme(): Promise<Theme>;
  setTheme(theme: Theme): Promise<void>;
  /** The RPC server of Ethereum that may be asked for names; null: none. */
  ensRpc(): Promise<string | null>;
  setEnsRpc(url: string | null): Promise<void>;
  language(): Promise<LanguageSetting>;
  setLanguage(language: LanguageSetting): Promise<void>;
}

export const mostNodes = 20;
const modes: readonly unknown[] = ['all', 'enabled', 'asked'] satisfies Exposure['mode'][];
const notificationLevels: readonly unknown[] = ['off', 'nothing', 'name', 'text'] satisfies NotificationLevel[];
const themes: readonly unknown[] = ['system', 'light', 'dark', 'contrast'] satisfies Theme[];

/** `nodeMirror`: where the address of the node lies a second time, as the vault does. Whoever has lost the database would look for their messages at another one. */
export function createPreferences({ settings }: Pick<Records, 'settings'>, nodeMirror: Cell<string>): Preferences {
  const nodeUrl = async (): Promise<string> => {
    const url = (await settings.get('nodeUrl')) ?? (await nodeMirror.get());
    return typeof url === 'string' ? url : defaultNodeUrl;
  };
  const nodes = async (): Promise<readonly string[]> => {
    const kept = textsOf(await settings.get('nodes'));
    const chosen = await nodeUrl();
    return kept.includes(chosen) ? kept : [chosen, ...kept];
  };
  const standby = async (): Promise<readonly string[]> => {
    const [kept, chosen, may] = [await nodes(), await nodeUrl(), textsOf(await settings.get('standby'))];
    return kept.filter((url) => url !== chosen && may.includes(url));
  };
  const loss = async (): Promise<(Loss & { readonly told: boolean }) | null> => {
    const { at, from, told } = ((await settings.get('loss')) ?? {}) as Partial<Loss & { told: boolean }>;
    return typeof at === 'number' ? { at, from: typeof from === 'number' ? from : null, told: told === true } : null;
  };
  return {
    nodeUrl,
    forgetNode: () => nodeMirror.delete(),
    loss,
    setLoss: ({ at, from }) => settings.put('loss', { at, from, told: false }),
    async lossTold() {
      const last = await loss();
      if (last) await settings.put('loss', { ...last, told: true });
    },
    nodes,
    setNodes: (urls) => settings.put('nodes', urls),
    async nodeInUse() {
      const standIn = await settings.get('standIn');
      return typeof standIn === 'string' && (await standby()).includes(standIn) ? standIn : nodeUrl();
    },
    setStandIn: (url) => settings.put('standIn', url),
    standby,
    setStandby: (urls) => settings.put('standby', urls),
    publishesToTwo: async () => (await settings.get('publishToTwo')) === true,
    setPublishesToTwo: (on) => settings.put('publishToTwo', on),
    async exposure() {
      const { mode, sites } = ((await settings.get('exposure')) ?? {}) as Partial<Exposure>;
      return { mode: modes.includes(mode) ? (mode as Exposure['mode']) : 'all', sites: textsOf(sites) };
    },
    setExposure: (exposure) => settings.put('exposure', exposure),
    async setNodeUrl(url) {
      const normal = parseNodeUrl(url);
      await settings.put('standIn', null);
      await settings.put('nodeUrl', normal);
      await nodeMirror.put(normal);
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
    siteKeystore: async () => (await settings.get('siteKeystore')) === true,
    setSiteKeystore: (on) => settings.put('siteKeystore', on),
    async notifications() {
      const level = await settings.get('notifications');
      return notificationLevels.includes(level) ? (level as NotificationLevel) : 'name';
    },
    setNotifications: (level) => settings.put('notifications', level),
    receipts: async () => (await settings.get('receipts')) === true,
    setReceipts: (on) => settings.put('receipts', on),
    async theme() {
      const theme = await settings.get('theme');
      return themes.includes(theme) ? (theme as Theme) : 'system';
    },
    setTheme: (theme) => settings.put('theme', theme),
    async ensRpc() {
      const url = await settings.get('ensRpc');
      return typeof url === 'string' ? url : null;
    },
    setEnsRpc: (url) => settings.put('ensRpc', url),
    async language() {
      const language = await settings.get('language');
      return isLanguageSetting(language) ? language : 'browser';
    },
    setLanguage: (language) => settings.put('language', language),
  };
}

const textsOf = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string') : [];
