import { NodeError } from '../../network/errors.ts';
import type { NodeClient } from '../../network/node-client.ts';
import { toHex } from '../../protocol/bytes.ts';
import { addSightings, type ConsentEntry, consentKey, foldConsent } from '../../protocol/consent.ts';
import { type Envelope, envelopeDigest } from '../../protocol/envelope.ts';
import { ProtocolError } from '../../protocol/errors.ts';
import type { ConsentAction } from '../../protocol/preferences.ts';
import { inviteTopic, privateStoreTopic } from '../../protocol/topic.ts';
import { RefusalError } from '../../rpc/errors.ts';
import type { NodeImport, NodeImportTopic } from '../../rpc/views/transfers.ts';
import type { Awake } from '../awake.ts';
import { noteStop } from '../log.ts';
import { parseNodeUrl } from '../nodes/node-url.ts';
import type { NodeImports } from '../services.ts';
import type { Session } from '../session.ts';
import type { Sessions } from '../sessions.ts';

interface Deps {
  readonly sessions: Sessions;
  readonly connect: (url: string) => Pick<NodeClient, 'probe' | 'pages'>;
  readonly hold: Awake['hold'];
  readonly changed: () => void;
}

/** Topics that are asked for by one query, and envelopes that one page of the answer has. */
const groupSize = 50;
const pageSize = 100;
/** How it goes is told at most this often, ms. */
const tellEveryMs = 250;

/** What became of an envelope: here since before, new, or nothing that opens. */
type Came = 'known' | 'added' | 'unread';
type Take = (page: readonly Envelope[]) => Promise<Came[]>;

/**
 * Takes in what another node has of the account in front: its keys, its owner's decisions, its invitations, and all that was said, each topic from its
 * beginning. Twice is as good as once, and what came before a failure stays. One at a time.
 */
export function createNodeImports({ sessions, connect, hold, changed }: Deps): NodeImports {
  let state: NodeImport | null = null;
  let control = new AbortController();
  let toldAt = 0;

  const tell = (next: NodeImport | null): void => {
    state = next;
    const now = performance.now();
    if (next?.phase === 'running' && now - toldAt < tellEveryMs) return;
    toldAt = now;
    changed();
  };

  const run = async (url: string, session: Session, signal: AbortSignal): Promise<void> => {
    const counts = new Map<string, NodeImportTopic>();
    const going = (): boolean => !signal.aborted && !session.ended();
    const report = (phase: NodeImport['phase'], failure: NodeImport['failure'] = null): void => {
      if (control.signal === signal) tell({ account: session.address, url, phase, failure, topics: [...counts.values()] });
    };
    const node = connect(url);
    const read = async (kind: NodeImportTopic['kind'], topics: readonly string[], take: Take): Promise<void> => {
      const seen = new Set<string>();
      for await (const page of node.pages({ topics, direction: 'ascending', limit: pageSize })) {
        if (!going()) return;
        // The same one under other times, or from the page before, is one.
        const fresh = page.filter((each) => {
          const digest = toHex(envelopeDigest(each.contentTopic, each.message));
          return !seen.has(digest) && seen.add(digest);
        });
        const came = await take(fresh);
        for (const [index, { contentTopic: topic }] of fresh.entries()) {
          const before = counts.get(topic) ?? {
            topic,
            kind,
            conversation: session.rows.byTopic(topic)?.id ?? null,
            found: 0,
            added: 0,
            unread: 0,
          };
          const one = (which: Came): number => (came[index] === which ? 1 : 0);
          counts.set(topic, {
            ...before,
            found: before.found + 1,
            added: before.added + one('added'),
            unread: before.unread + one('unread'),
          });
        }
        report('running');
      }
    };
    try {
      await node.probe();
      await session.ready();
      await read('keys', [privateStoreTopic(session.address)], keysInto(session));
      await read('choices', [session.consent.topic()], choicesInto(session));
      const former = await session.keys.formerPreferencesTopics();
      if (former.length > 0) {
        const choices = await formerChoices(session);
        await read('choices', former, choices.take);
        await choices.inherit();
      }
      await read('invitations', [inviteTopic(session.address)], messagesInto(session));
      // What is read may bring more conversations: a group its next epoch.
      for (const done = new Set<string>(); going(); ) {
        const topics = [...new Set([...session.rows.all()].map(({ topic }) => topic))].filter((topic) => !done.has(topic));
        if (topics.length === 0) break;
        const group = topics.slice(0, groupSize);
        for (const topic of group) done.add(topic);
        await read('conversation', group, messagesInto(session));
      }
      report(going() ? 'done' : 'stopped');
      session.topicsChanged();
    } catch (error) {
      if (!going()) return report('stopped');
      if (!(error instanceof NodeError)) noteStop('importing from a node', error);
      report('failed', error instanceof NodeError ? error.reason : 'fault');
    }
  };

  return {
    state: async () => (state?.account === sessions.peek()?.address ? state : null),
    async start(address) {
      const url = parseNodeUrl(address);
      const session = sessions.current();
      if (state?.phase === 'running') throw new RefusalError('not-now', 'An import is going on already.');
      control = new AbortController();
      tell({ account: session.address, url, phase: 'running', failure: null, topics: [] });
      const release = hold();
      void run(url, session, control.signal).finally(release);
      return state;
    },
    async stop() {
      control.abort();
      return state;
    },
    drop() {
      control.abort();
      if (state) tell(null);
    },
  };
}

/** Key backups: what this browser has not is taken up, and what could not be opened before is tried again. */
const keysInto =
  ({ keys, cache }: Session): Take =>
  async (page) => {
    const adopted = await keys.adoptPreKeys(page.map(({ message }) => message));
    if (adopted) await cache.inbox.requeue();
    return Promise.all(page.map(async ({ message }) => ((await keys.opens(message)) ? (adopted ? 'added' : 'known') : 'unread')));
  };

const choicesInto =
  ({ keys, consent }: Session): Take =>
  async (page) => {
    await consent.load();
    const came = await Promise.all(
      page.map(async (envelope): Promise<Came> => {
        try {
          await keys.openConsent(envelope);
          return consent.knows(envelope.message) ? 'known' : 'added';
        } catch (error) {
          if (error instanceof ProtocolError) return 'unread';
          throw error;
        }
      }),
    );
    await consent.take(page);
    return came;
  };

/** Decisions that are looked through; beyond it the topic is somebody's joke. */
const mostFormer = 100_000;
/** Subjects of one decision. */
const mostNames = 200;

/**
 * What identities of before decided holds where the present one has decided nothing. It becomes a decision of the present one, so that the owner's other programs
 * learn of it; while the node in use cannot tell what those have decided meanwhile, nothing is taken.
 */
async function formerChoices({ keys, consent, decide }: Session): Promise<{ readonly take: Take; inherit(): Promise<void> }> {
  const sure = await consent.read().then(
    () => true,
    (error: unknown) => {
      if (error instanceof NodeError) return false;
      throw error;
    },
  );
  const entries: ConsentEntry[] = [];
  const isOpen = ({ kind, names }: ConsentAction): boolean => names.some((name) => consent.of(kind, name) === null);
  return {
    take: (page) =>
      Promise.all(
        page.map(async (envelope): Promise<Came> => {
          if (!sure || entries.length >= mostFormer) return 'unread';
          try {
            const entry = await keys.openConsent(envelope);
            entries.push(entry);
            return entry.actions.some(isOpen) ? 'added' : 'known';
          } catch (error) {
            if (error instanceof ProtocolError) return 'unread';
            throw error;
          }
        }),
      ),
    async inherit() {
      const verdicts = foldConsent(entries);
      const open = new Map<string, { readonly kind: ConsentAction['kind']; readonly name: string }>();
      for (const { actions } of addSightings([], entries))
        for (const { kind, names } of actions)
          for (const name of names) if (consent.of(kind, name) === null) open.set(consentKey(kind, name), { kind, name });
      for (const verdict of ['allowed', 'denied'] as const)
        for (const kind of ['address', 'groupId', 'inboxId'] as const) {
          const names = [...open].flatMap(([key, each]) => (each.kind === kind && verdicts.get(key) === verdict ? [each.name] : []));
          for (let at = 0; at < names.length; at += mostNames) await decide(verdict, kind, names.slice(at, at + mostNames));
        }
    },
  };
}

const messagesInto =
  ({ sync }: Session): Take =>
  async (page) => {
    const before = await Promise.all(page.map(sync.opened));
    await sync.take(page);
    const after = await Promise.all(page.map(sync.opened));
    return page.map((_, index) => (before[index] ? 'known' : after[index] ? 'added' : 'unread'));
  };
