import { Founding } from '../keystore/founding.ts';
import { DraftStore } from '../keystore/founding-draft.ts';
import { Keystore } from '../keystore/keystore.ts';
import { getBlob } from '../network/blobs.ts';
import { createNodeClient, type NodeClient } from '../network/node-client.ts';
import type { Address } from '../protocol/address.ts';
import { maxRemoteLength } from '../protocol/remote-content.ts';
import { systemClock } from '../protocol/time.ts';
import { openCache } from '../storage/cache.ts';
import { openRecords, type Records } from '../storage/records.ts';
import { createAccountRecords } from './account-records.ts';
import { createAccounts, sinceOf } from './accounts.ts';
import { createApprovals } from './approvals.ts';
import { createAttachments } from './attachments.ts';
import { createAwake } from './awake.ts';
import { backedUpAt, createBackups } from './backups.ts';
import { createBadge } from './badge.ts';
import { createConversations } from './conversations.ts';
import { createEvents } from './events.ts';
import { createExposure } from './exposure.ts';
import { noFailpoint } from './failpoint.ts';
import { createFoundings } from './foundings.ts';
import { createFront } from './front.ts';
import { createGrants } from './grants.ts';
import { createGroups } from './groups.ts';
import { createHistory } from './history.ts';
import { createLock } from './lock.ts';
import { noteStop } from './log.ts';
import { createMessages } from './messages.ts';
import type { StoredMessage } from './model.ts';
import { createNaming } from './names.ts';
import { createNodeStatus } from './node-state.ts';
import { createNotifications } from './notifications.ts';
import { noting } from './noting.ts';
import type { Background, Platform } from './platform.ts';
import { createRequests } from './requests.ts';
import { createSafety } from './safety.ts';
import { createSearch } from './search.ts';
import { openSession } from './session.ts';
import { createSessions } from './sessions.ts';
import { createPreferences, createSettings } from './settings.ts';
import { createSites } from './sites.ts';
import { createStatus } from './status.ts';

const recordsOf = (address: Address): Records => openRecords(`parley-records-${address.toLowerCase()}`);

/** Skews beyond this are not corrected: a node must not be able to have tokens made for whatever time it likes. */
const mostSkewMs = 10 * 60_000;

/** Puts the services together and brings back what was open before the background last died. */
export async function assemble(platform: Platform): Promise<Background> {
  const { records, clock = systemClock, failpoint = noFailpoint } = platform;
  const { vault, sessionKey } = records;
  const failures = { get: () => records.settings.get('failures'), put: (value: unknown) => records.settings.put('failures', value) };
  const keystore = new Keystore({ ...platform.keys, vault, sessionKey, failures, clock });
  const preferences = createPreferences(records);
  const exposure = createExposure({ preferences, expose: platform.expose, tabInFront: platform.tabInFront });
  const events = createEvents();
  const awake = createAwake(platform.wakers);
  const node = createNodeStatus(await preferences.nodeUrl(), () => board.changed());

  const { cacheName = (address) => address.toLowerCase() } = platform;
  const cacheOf = (address: Address) => openCache(cacheName(address));
  const connect = (url: string, token: () => string | null = () => null, onTokenRefused: () => void = () => undefined): NodeClient =>
    createNodeClient(url, { authToken: token, onTokenRefused, ...(platform.fetch && { fetch: platform.fetch }) });
  const nodeTime = (client: NodeClient): number => clock() + Math.max(-mostSkewMs, Math.min(mostSkewMs, client.clockSkewMs() ?? 0));

  const accountRecords = createAccountRecords(records, (address) => keystore.isFirst(address), platform.recordsOf ?? recordsOf);
  const front = await createFront(records, keystore);
  const sessions = createSessions({
    state: () => keystore.state(),
    accounts: () => keystore.accounts(),
    front: front.address,
    start: async (address, unlocked) => {
      const url = await preferences.nodeUrl();
      const keys = keystore.keys(address);
      const client: NodeClient = connect(
        url,
        () => keys.authToken(nodeTime(client)),
        () => keys.renewToken(),
      );
      node.reset(url);
      return openSession({
        keys,
        records: accountRecords.of(address),
        cache: cacheOf(address),
        client,
        // Of the work of accounts that are not looked at nobody is told.
        status: { ...node, syncing: (work) => front.address() === address && node.syncing(work) },
        events,
        clock,
        awake,
        failpoint,
        unlocked,
        since: await sinceOf(records, address),
        rotateDays: preferences.rotateDays,
        statusChanged: () => board.changed(),
        membersLeft: () => groups.settle(),
      });
    },
  });

  const grants = createGrants(records.grants, clock);
  const approvals = createApprovals({
    clock,
    window: platform.promptWindow,
    hold: awake.hold,
    memory: platform.keys.session,
    changed: () => {
      events.emit('prompts', null);
      board.changed();
    },
  });
  const badge = createBadge(platform.button);
  const prompts = (): number => approvals.waiting();
  const board = createStatus({ keystore, front, records, preferences, sessions, node, prompts, clock, events, badge });
  const accountChanged = (): void => {
    notifications.changed();
    exposure.apply().catch((error: unknown) => noteStop('showing the provider', error)); // after a wipe it is the default again
    void sites.accountChanged().catch((error: unknown) => noteStop('telling sites', error));
  };
  const lock = createLock({
    keystore,
    preferences,
    awake,
    clock,
    close: () => sessions.close(),
    locked: () => {
      // What was being made goes with the keys: a locked Parley holds nothing open.
      founding.drop().catch((error: unknown) => noteStop('dropping a draft', error));
      void preferences.nodeUrl().then(node.reset);
      notifications.clear();
      board.changed();
      accountChanged();
    },
  });

  const turned = (): void => {
    node.syncing(null);
    listChanged();
    accountChanged();
    groups.settle();
  };
  const accounts = createAccounts({
    keystore,
    records,
    preferences,
    sessions,
    lock,
    board,
    node,
    cacheOf,
    accountRecords,
    front,
    forgetGrants: grants.forget,
    turned,
    clock,
    accountChanged,
  });
  const founding = new Founding(new DraftStore(platform.keys.session, records.foundingKey), clock);
  const foundings = createFoundings({
    founding,
    connect,
    nodeUrl: preferences.nodeUrl,
    chooseNode: accounts.chooseNode,
    adopt: accounts.adopt,
  });
  const listChanged = (): void => {
    events.emit('conversations', null);
    board.changed();
  };
  const conversations = createConversations({ sessions, clock, changed: listChanged });
  const messages = createMessages({
    receipts: preferences.receipts,
    sessions,
    failpoint,
    changed: (conversation) => {
      events.emit('messages', { conversation });
      listChanged();
    },
  });
  const attachments = createAttachments({
    sessions,
    messages,
    nodes: async () => [await preferences.nodeUrl(), ...(await preferences.nodes())],
    get: (address) => getBlob(address, { bytes: maxRemoteLength, ...(platform.fetch && { fetch: platform.fetch }) }),
  });
  const safety = createSafety({
    sessions,
    clock,
    changed: (conversation) => {
      events.emit('messages', { conversation });
      listChanged();
    },
  });
  const search = createSearch({ sessions, view: conversations.get, changed: () => events.emit('search', null) });
  const names = createNaming({ sessions, changed: () => events.emit('names', null) });
  const requests = createRequests({ sessions, clock, view: conversations.get, changed: listChanged });
  const groups = createGroups({
    sessions,
    failpoint,
    view: conversations.get,
    changed: (conversation) => {
      events.emit('messages', { conversation });
      listChanged();
    },
  });
  const history = createHistory({
    current: sessions.current,
    open: async ({ keys }, { id, sealed }) => (await keys.openRecord('messages', id, sealed)) as StoredMessage,
  });
  const sites = createSites({
    clock,
    grants,
    approvals,
    accounts,
    conversations,
    groups,
    messages,
    history,
    arrivals: () => {
      const session = sessions.peek();
      return session && { account: session.address, ...session.cache.arrivals };
    },
    front: front.address,
    nameFor: (origin, text) => sessions.current().keys.blind('origins', `${origin} ${text}`),
    keystore: {
      answerCall: (account, ...call) => keystore.keys(account).answerCall(...call),
      forgetCalls: (asker) => {
        for (const { address } of keystore.accounts()) keystore.keys(address).forgetCalls(asker);
      },
      check: (passphrase) => keystore.check(passphrase),
      on: preferences.siteKeystore,
    },
    wake: platform.wakePages,
  });
  const notifications = createNotifications({ sessions, level: preferences.notifications, notices: platform.notices });
  events.on((event) => {
    if (event === 'conversations') notifications.changed();

    if (event === 'messages' || event === 'conversations') sites.arrived();
  });
  const settings = createSettings({
    preferences,
    keystore,
    connect,
    exposure,
    preKeys: () => sessions.peek()?.keys.preKeys() ?? null,
    backedUp: async () => {
      const session = sessions.peek();
      return session && backedUpAt(records, session.address);
    },
    listSites: async () => {
      const account = front.address();
      return account === null ? [] : grants.sites(account);
    },
    version: platform.version,
    moved: async (url) => {
      node.reset(url);
      if (sessions.peek()) await sessions.open(true);
      board.changed();
    },
    renewLock: lock.renew,
    keystoreOff: () => sites.keystoreOff(),
    rotateIfDue: () => {
      for (const session of sessions.all()) session.resume(false);
    },
    statusChanged: board.changed,
  });

  const backups = createBackups({
    keystore,
    records,
    preferences,
    sessions,
    exposure,
    clock,
    begin: accounts.begin,
    moved: node.reset,
    changed: listChanged,
  });

  awake.arm();
  exposure.apply().catch((error: unknown) => noteStop('showing the provider', error));
  const woken = await keystore.wake();
  await accounts.settleRemoval();
  if (woken === 'open') await sessions.open(false);
  board.changed();
  notifications.changed();

  return {
    services: {
      accounts,
      foundings,
      backups: noting(backups, ['make', 'restore'], lock.used),
      // What a person does puts the lock off. What a page does, or what a view left open asks for by itself, does not.
      conversations: noting(conversations, ['get', 'lookUp', 'start', 'acceptKeys', 'saveDraft'], lock.used),
      search: noting(search, ['find'], lock.used),
      names: noting(names, ['put'], lock.used),
      requests: noting(requests, ['decide', 'undoProof', 'arrange'], lock.used),
      groups: noting(groups, ['create', 'add', 'remove', 'rename', 'leave'], lock.used),
      attachments: noting(attachments, ['open', 'send'], lock.used),
      messages: noting(messages, ['send', 'retry', 'hide', 'discard'], lock.used),
      safety: noting(safety, ['verify'], lock.used),
      settings: noting(
        settings,
        ['setNode', 'addNode', 'removeNode', 'testNode', 'setExposure', 'exposeTo', 'setSiteKeystore', 'setTheme'],
        lock.used,
      ),
      sites,
    },
    approvals,
    events,
    lock,
    async resume() {
      await lock.check();
      for (const session of sessions.all()) session.resume(true);
      groups.settle();
    },
    async stop() {
      const open = sessions.all();
      sessions.close();
      await Promise.all(open.map((session) => session.rest()));
      await accountRecords.close();
    },
  };
}
