import { noteStop } from './log.ts';
import type { Background } from './platform.ts';

interface Guards {
  /** Somebody is there: puts the lock off. */
  readonly used: () => Promise<void>;
  /** Resolves when no session is giving way to another. */
  readonly settled: () => Promise<void>;
}

/**
 * The services as they are called from outside: none works in a session that is just ending, and what a person does puts the lock off. What a page does, or what
 * a view left open asks for by itself, does not.
 */
export function guardServices(services: Background['services'], { used, settled }: Guards): Background['services'] {
  return {
    ...services,
    backups: noting(services.backups, ['make', 'restore'], used),
    exports: noting(awaiting(services.exports, settled), ['make', 'take'], used),
    nodeImports: noting(services.nodeImports, ['start'], used),
    conversations: noting(awaiting(services.conversations, settled), ['get', 'lookUp', 'start', 'acceptKeys'], used),
    drafts: noting(awaiting(services.drafts, settled), ['save', 'add'], used),
    search: awaiting(services.search, settled),
    names: noting(awaiting(services.names, settled), ['put'], used),
    requests: noting(awaiting(services.requests, settled), ['decide', 'undoProof', 'arrange'], used),
    groups: noting(awaiting(services.groups, settled), ['create', 'add', 'remove', 'rename', 'leave'], used),
    attachments: noting(awaiting(services.attachments, settled), ['open', 'send'], used),
    keptFiles: noting(awaiting(services.keptFiles, settled), ['keep'], used),
    messages: noting(awaiting(services.messages, settled), ['send', 'retry', 'hide', 'discard'], used),
    openings: noting(awaiting(services.openings, settled), ['open'], used),
    safety: noting(awaiting(services.safety, settled), ['verify'], used),
    settings: noting(services.settings, settingsOfAPerson, used),
    sites: noting(services.sites, ['revokeSite', 'amend', 'forgetSite'], used),
  };
}

const settingsOfAPerson = [
  'setNode',
  'addNode',
  'removeNode',
  'testNode',
  'setStandby',
  'setPublishToTwo',
  'compareNodes',
  'setExposure',
  'exposeTo',
  'setSiteKeystore',
  'setTheme',
  'setLanguage',
] as const;

/** The service, each of whose functions waits until `ready`. */
function awaiting<S extends object>(service: S, ready: () => Promise<void>): S {
  const entries = Object.entries(service as Record<string, (...params: unknown[]) => unknown>);
  return Object.fromEntries(
    entries.map(([name, run]) => [
      name,
      async (...params: unknown[]) => {
        await ready();
        return run(...params);
      },
    ]),
  ) as S;
}

/** The service, with a note of each call of these functions. */
function noting<S extends object>(service: S, names: readonly (keyof S)[], note: () => Promise<void>): S {
  const noted: S = { ...service };
  for (const name of names) {
    const run = service[name] as (...params: unknown[]) => unknown;
    const noting = (...params: unknown[]): unknown => {
      note().catch((error: unknown) => noteStop('noting a use', error));
      return run(...params);
    };
    noted[name] = noting as S[typeof name];
  }
  return noted;
}
