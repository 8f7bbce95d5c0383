import { getBlob } from '../../network/blobs.ts';
import { maxRemoteLength } from '../../protocol/remote-content.ts';
import { systemClock } from '../../protocol/time.ts';
import type { Events } from '../events.ts';
import { noFailpoint } from '../failpoint.ts';
import type { Platform } from '../platform.ts';
import type { Preferences } from '../preferences.ts';
import type { Sessions } from '../sessions.ts';
import { createAttachments } from './attachments.ts';
import { createConversations } from './conversations.ts';
import { createDrafts } from './drafts.ts';
import { createGroups } from './groups.ts';
import { createHistory } from './history.ts';
import { createKeptFiles } from './kept-files.ts';
import { createMessages } from './messages.ts';
import type { StoredMessage } from './model.ts';
import { createNaming } from './naming.ts';
import { createOpenings } from './openings.ts';
import { createRequests } from './requests.ts';
import { createSafety } from './safety.ts';
import { createSearch } from './search.ts';

interface Deps {
  readonly platform: Pick<Platform, 'clock' | 'failpoint' | 'fetch' | 'typed'>;
  readonly sessions: Sessions;
  /** How many accounts there are. */
  readonly accounts: () => number;
  readonly preferences: Pick<Preferences, 'receipts' | 'nodeInUse' | 'nodes'>;
  /** When the browser last lost what it had noted, ms; null: never. */
  readonly lossAt: () => Promise<number | null>;
  readonly events: Pick<Events, 'emit'>;
  /** The list of conversations is another one now. */
  readonly listChanged: () => void;
}

/** What is done with conversations and messages, put together. */
export function createMessaging({ platform, sessions, accounts, preferences, lossAt, events, listChanged }: Deps) {
  const { clock = systemClock, failpoint = noFailpoint } = platform;
  const messagesChanged = (conversation: string): void => {
    events.emit('messages', { conversation });
    listChanged();
  };
  const drafts = createDrafts({
    sessions,
    accounts,
    typed: platform.typed,
    clock,
    lossAt,
    changed: listChanged,
  });
  const keptFiles = createKeptFiles({
    sessions,
    clock,
    lossAt,
    changed: (conversation) => {
      events.emit('files', { conversation });
      listChanged();
    },
  });
  const conversations = createConversations({ sessions, clock, drafts, keptFiles, changed: listChanged });
  const messages = createMessages({
    receipts: preferences.receipts,
    sessions,
    drafts,
    failpoint,
    changed: messagesChanged,
  });
  const attachments = createAttachments({
    sessions,
    messages,
    conversations,
    keptFiles,
    nodes: async () => [await preferences.nodeInUse(), ...(await preferences.nodes())],
    get: (address, options) => getBlob(address, { bytes: maxRemoteLength, ...options, ...(platform.fetch && { fetch: platform.fetch }) }),
    progress: (transfer) => events.emit('transfer', transfer),
  });
  const safety = createSafety({
    sessions,
    clock,
    changed: messagesChanged,
  });
  const openings = createOpenings({ sessions, conversations, messages, safety });
  const search = createSearch({ sessions, view: conversations.get, changed: () => events.emit('search', null) });
  const names = createNaming({ sessions, changed: () => events.emit('names', null) });
  const requests = createRequests({ sessions, clock, view: conversations.get, changed: listChanged });
  const groups = createGroups({
    sessions,
    failpoint,
    view: conversations.get,
    changed: messagesChanged,
  });
  const history = createHistory({
    current: sessions.current,
    open: async ({ keys }, { id, sealed }) => (await keys.openRecord('messages', id, sealed)) as StoredMessage,
  });
  return { drafts, keptFiles, conversations, messages, attachments, safety, openings, search, names, requests, groups, history };
}
