import { Founding } from '../keystore/founding.ts';
import { DraftStore } from '../keystore/founding-draft.ts';
import { Keystore } from '../keystore/keystore.ts';
import { createNodeClient, type NodeClient, type NodeClientOptions } from '../network/node-client.ts';
import type { Address } from '../protocol/address.ts';
import { systemClock } from '../protocol/time.ts';
import { openCache } from '../storage/cache.ts';
import { openRecords, type Records } from '../storage/records.ts';
import { noticesIn } from '../words/notices.ts';
import type { Say } from '../words/says.ts';
import { backedUpAt } from './accounts/account-dates.ts';
import { createAccountRecords } from './accounts/account-records.ts';
import { createAccounts } from './accounts/accounts.ts';
import { createBackups } from './accounts/backups.ts';
import { createExports } from './accounts/exports.ts';
import { createFoundings } from './accounts/foundings.ts';
import { createFront } from './accounts/front.ts';
import { createLock } from './accounts/lock.ts';
import { createNodeImports } from './accounts/node-import.ts';
import { createParcels } from './accounts/parcels.ts';
import { createAwake } from './awake.ts';
import { createBadge } from './badge.ts';
import { createDiskStatus } from './disk.ts';
import { createEvents } from './events.ts';
import { noFailpoint } from './failpoint.ts';
import { createGlimpses } from './glimpses.ts';
import { guardServices } from './guard-services.ts';
import { noteStop } from './log.ts';
import { createLosses } from './losses.ts';
import { createMessaging } from './messages/messaging.ts';
import { createNodeChoice } from './nodes/node-choice.ts';
import { createComparing } from './nodes/node-comparison.ts';
import { createNodeStatus } from './nodes/node-state.ts';
import { createNotifications } from './notifications.ts';
import type { Background, Platform } from './platform.ts';
import { createPreferences } from './preferences.ts';
import { createSessions } from './sessions.ts';
import { createSettings } from './settings.ts';
import { createApprovals } from './sites/approvals.ts';
import { createExposure } from './sites/exposure.ts';
import { createGrants } from './sites/grants.ts';
import { createSites } from './sites/sites.ts';
import { createSessionStart } from './start-session.ts';
import { createStatus } from './status.ts';

const recordsOf = (address: Address): Records => openRecords(`parley-records-${address.toLowerCase()}`);

/** Puts the services together and brings back what was open before the background last died. */
export async function assemble(platform: Platform): Promise<Background> {
  const { records, clock = systemClock, failpoint = noFailpoint, later = (work) => work() } = platform;
  const { vault, sessionKey } = records;
  const failures = { get: () => records.settings.get('failures'), put: (value: unknown) => records.settings.put('failures', value) };
  const keystore = new Keystore({ ...platform.keys, vault, sessionKey, failures, clock });
  const preferences = createPreferences(records, platform.nodeMirror);
  const { ageMirror, keys } = platform;
  const losses = await createLosses({
    records,
    mirror: keys.mirror,
    ageMirror,
    preferences,
    clock,
    hasAccount: () => keystore.state() !== 'none',
    remains: platform.remains,
  });
  const lossAt = losses.lastAt;
  const notices = async (): Promise<Say> => noticesIn(await preferences.language());
  const exposure = createExposure({ preferences, expose: platform.expose, tabInFront: platform.tabInFront });
  const events = createEvents();
  const awake = createAwake(platform.wakers);
  const node = createNodeStatus(await preferences.nodeInUse(), () => board.changed());

  const disk = createDiskStatus(() => board.changed());
  const { cacheName = (address) => address.toLowerCase() } = platform;
  const cacheOf = (address: Address) => openCache(cacheName(address));
  const connect = (url: string, options: NodeClientOptions = {}): NodeClient =>
    createNodeClient(url, { ...options, ...(platform.fetch && { fetch: platform.fetch }) });

  const accountRecords = createAccountRecords({
    main: records,
    isFirst: (address) => keystore.isFirst(address),
    open: platform.recordsOf ?? recordsOf,
    look: losses.look,
    forget: losses.forget,
  });
  const front = await createFront(records, keystore);
  const sessions = createSessions({
    state: () => keystore.state(),
    accounts: () => keystore.accounts(),
    front: front.address,
    later,
    start: createSessionStart({
      keystore,
      records,
      accountRecords,
      cacheOf,
      preferences,
      connect,
      status: node,
      disk,
      front,
      events,
      clock,
      awake,
      failpoint,
      second: (first) => choice.second(first),
      lossAt,
      nodeTroubled: (trouble) => choice.troubled(trouble),
      statusChanged: () => board.changed(),
      handOver: async (address) => {
        await sessions.settled();
        await sessions
          .all()
          .find((session) => session.address === address)
          ?.takeUp();
      },
      membersLeft: () => groups.settle(),
    }),
  });
  /** Everything goes on by the node that is in use now. */
  const moved = async (): Promise<void> => {
    const [url, chosen] = [await preferences.nodeInUse(), await preferences.nodeUrl()];
    node.reset(url, url === chosen ? null : chosen);
    if (sessions.peek()) await sessions.open('unlocked');
    board.changed();
  };
  const choice = createNodeChoice({ preferences, connect: (url, timeoutMs) => connect(url, { timeoutMs }), clock, moved });
  const comparing = createComparing({
    nodes: async () => [await preferences.nodeUrl(), ...(await preferences.standby())],
    connect,
    clock,
    changed: () => board.changed(),
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
  const badge = createBadge(platform.button, notices);
  const prompts = (): number => approvals.waiting();
  const board = createStatus({
    keystore,
    front,
    records,
    preferences,
    sessions,
    node,
    disk,
    losses,
    doubts: comparing.doubts,
    prompts,
    clock,
    events,
    badge,
  });
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
      void preferences.nodeInUse().then((url) => node.reset(url));
      nodeImports.drop();
      glimpses.drop().catch((error: unknown) => noteStop('dropping what a page shows first', error));
      notifications.clear();
      board.changed();
      accountChanged();
    },
  });

  const turned = (): void => {
    void drafts.takeIn();
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
    dropGlimpse: () => glimpses.drop(),
    clearTyped: () => drafts.clear(),
    losses,
    failpoint,
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
  const messaging = createMessaging({
    platform,
    sessions,
    accounts: () => keystore.accounts().length,
    preferences,
    lossAt,
    events,
    listChanged,
  });
  const { drafts, keptFiles, conversations, messages, attachments, safety, openings, search, names, requests, groups, history } = messaging;
  const sites = createSites({
    clock,
    grants,
    approvals: platform.traces?.watching(approvals) ?? approvals,
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
    ledger: (account) => sessions.of(account).ledger,
    area: platform.keys.session,
    changed: () => events.emit('sites', null),
  });
  const notifications = createNotifications({ sessions, level: preferences.notifications, notices: platform.notices, words: notices });
  const glimpses = createGlimpses({ area: platform.keys.session, key: platform.glimpseKey, sessions, board, conversations, names });
  events.on((event) => {
    if (event === 'conversations') notifications.changed();
    if (event === 'status' || event === 'names') glimpses.changed();

    if (event === 'messages' || event === 'conversations') sites.arrived();
  });
  const settings = createSettings({
    preferences,
    keystore,
    connect,
    exposure,
    keys: () => sessions.peek()?.keys ?? null,
    backedUp: async () => {
      const session = sessions.peek();
      return session && backedUpAt(records, session.address);
    },
    version: platform.version,
    comparison: {
      run: () => comparing.run(sessions.current()),
      last: async () => {
        const session = sessions.peek();
        return session && comparing.last(session);
      },
    },
    moved,
    renewLock: lock.renew,
    keystoreOff: () => sites.keystoreOff(),
    rotateIfDue: () => {
      for (const session of sessions.all()) session.resume(false);
    },
    statusChanged: board.changed,
  });

  const parcels = createParcels((id) => backups.dropped(id));
  const backups = createBackups({
    parcels,
    keystore,
    records,
    preferences,
    sessions,
    exposure,
    clock,
    begin: accounts.begin,
    makeRoom: accounts.makeRoom,
    moved: (url) => node.reset(url),
    changed: listChanged,
  });
  const exports = createExports({ sessions, parcels, clock, changed: listChanged });
  const nodeImports = createNodeImports({ sessions, connect, hold: awake.hold, changed: () => events.emit('import', null) });

  awake.arm();
  exposure.apply().catch((error: unknown) => noteStop('showing the provider', error));
  // Keys that nothing opens are those of nobody: whose they were can come back.
  const woken = losses.keysDamaged() ? 'none' : await keystore.wake();
  await accounts.settleWipe();
  await accounts.settleRemoval();
  if (woken === 'open') {
    await sessions.open('woken');
    void drafts.takeIn();
  }
  board.changed();
  notifications.changed();

  return {
    services: guardServices(
      {
        accounts,
        foundings,
        backups: backups.service,
        exports,
        nodeImports,
        parcels: parcels.service,
        conversations,
        drafts: drafts.service,
        names,
        search,
        requests,
        groups,
        attachments,
        keptFiles,
        messages,
        openings,
        safety,
        settings,
        sites,
      },
      { used: lock.used, settled: sessions.settled },
    ),
    approvals,
    events,
    lock,
    async resume() {
      await lock.check();
      void drafts.takeIn();
      later(() => {
        for (const session of sessions.all()) session.resume(true);
        groups.settle();
        choice.review().catch((error: unknown) => noteStop('looking for the chosen node', error));
        for (const session of sessions.all())
          comparing.runIfDue(session).catch((error: unknown) => {
            if (!session.ended()) noteStop('comparing nodes', error);
          });
      });
    },
    async stop() {
      glimpses.stop();
      losses.stop();
      const open = sessions.all();
      sessions.close();
      await Promise.all(open.map((session) => session.rest()));
      await accountRecords.close();
    },
  };
}
