import browser, { type Runtime } from 'webextension-polyfill';
import { offerCurve } from '../protocol/secp256k1-engine.ts';
import { systemClock } from '../protocol/time.ts';
import { openGlimpseKey } from '../rpc/glimpse-key.ts';
import { openTypedStore } from '../rpc/typed-store.ts';
import { repairAsked } from '../rpc/wire.ts';
import { openRecords } from '../storage/records.ts';
import { accountsWithDatabases } from '../storage/remains.ts';
import { assemble } from './assemble.ts';
import { lockAlarm } from './awake.ts';
import { localBytes, localText, notices, openOrigins, promptWindow, showPage, tabInFront, trustOnly, wakePages } from './browser.ts';
import { repairIfAsked } from './losses.ts';
import { openNotice } from './notifications.ts';
import type { Background } from './platform.ts';
import { type ConnectedPort, createPorts } from './ports.ts';
import { createPreferences } from './preferences.ts';
import { registerContentScripts } from './sites/content-scripts.ts';
import { createTraces } from './sites/traces.ts';
import { createStarter } from './starter.ts';

/** A page that wakes us draws in this time, ms: what is stored is shown before the node is asked for more. */
const firstLookMs = 150;

// Listeners come first: an event that wakes the background reaches only those that were added before anything was waited for.
const background = createStarter(start);
const traces = createTraces(systemClock);
const records = openRecords();
const accept = createPorts({
  traces,
  background,
  id: browser.runtime.id,
  ownUrl: browser.runtime.getURL(''),
  visible: async (tabId) => (await browser.tabs.get(tabId)).active,
});

/** Does something once the background is awake; what goes wrong is logged. */
const then = (what: string, work: (background: Background) => unknown): void =>
  void background()
    .then(work)
    .catch((error: unknown) => console.error(`${what} failed`, error));

browser.runtime.onConnect.addListener((port: Runtime.Port) => {
  accept(port as unknown as ConnectedPort);
  then('resuming', ({ resume }) => resume());
});
browser.alarms.onAlarm.addListener(({ name }) => {
  then(`the alarm ${name}`, ({ lock, resume }) => (name === lockAlarm ? lock.check() : resume()));
  then('ending what is over', forgetClosedSites);
});
browser.idle.onStateChanged.addListener((state) => then('locking with the screen', ({ lock }) => lock.screen(state)));
browser.notifications.onClicked.addListener((name) =>
  then('opening what a notification tells of', (awake) => openNotice(name, awake, { show: showPage, clear: notices.clear })),
);
browser.windows.onRemoved.addListener((id) => then('closing a question', ({ approvals }) => approvals.windowClosed(id)));
browser.tabs.onRemoved.addListener(() => then('forgetting closed sites', forgetClosedSites));
browser.tabs.onUpdated.addListener((_, { url }) => {
  if (url !== undefined) then('forgetting left sites', forgetClosedSites);
});
// Wanting these two makes the browser start us with them.
browser.runtime.onInstalled.addListener(() => undefined);
// A browser that starts has closed every tab, also those that it opens again.
browser.runtime.onStartup.addListener(() => then('forgetting closed sites', ({ services }) => services.sites.tabsClosed(new Set())));

async function forgetClosedSites({ services }: Background): Promise<void> {
  await services.sites.tabsClosed(await openOrigins());
}

// Fetched when many messages wait, and from our own package: a service worker cannot import it.
offerCurve({ load: async () => (await fetch(browser.runtime.getURL('secp256k1.wasm'))).arrayBuffer(), batchFrom: 12 });

async function start(): Promise<Background> {
  await trustOnly();
  await repairIfAsked(localText(repairAsked), { preferences: createPreferences(records, localText('node')), clock: systemClock });
  return assemble({
    later: (work) => void setTimeout(work, firstLookMs),
    records,
    nodeMirror: localText('node'),
    ageMirror: localText('ages'),
    keys: {
      mirror: localBytes('vault'),
      session: {
        get: async (key) => (await browser.storage.session.get(key))[key],
        set: (key, value) => browser.storage.session.set({ [key]: value }),
        remove: (key) => browser.storage.session.remove(key),
      },
    },
    glimpseKey: openGlimpseKey(),
    typed: openTypedStore(),
    remains: accountsWithDatabases,
    wakers: {
      createAlarm: (name, when) => browser.alarms.create(name, when),
      clearAlarm: (name) => browser.alarms.clear(name),
      ping: () => browser.runtime.getPlatformInfo(),
    },
    button: browser.action,
    notices,
    promptWindow,
    wakePages: (origins) => void wakePages(origins).catch((error: unknown) => console.warn('pages were not woken', error)),
    expose: (exposure) => registerContentScripts(browser.scripting, exposure),
    tabInFront,
    traces,
    version: browser.runtime.getManifest().version,
  });
}

background().catch((error: unknown) => console.error('Parley did not start', error));
