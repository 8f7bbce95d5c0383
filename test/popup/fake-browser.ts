import { newGlimpseKey, writeGlimpse } from '../../src/rpc/glimpse.ts';
import { openGlimpseKey } from '../../src/rpc/glimpse-key.ts';
import type { Status } from '../../src/rpc/views/account.ts';
import { answer, refusing, unreachable } from './fake-answers.ts';
import { fileOf, files, hour, me, now, peers, rows, scene, status } from './fake-scene.ts';

/** What was told, for who looks for texts that nobody told. */
const heard: string[] = [];
Object.assign(globalThis, { told: heard });
function note(value: unknown): void {
  if (typeof value === 'string') heard.push(value);
  else if (typeof value === 'object' && value !== null) for (const each of Object.values(value)) note(each);
}

/** In the scenes where something is seen before the background answers: until the test lets it. */
const held = scene.endsWith('after what is ahead')
  ? new Promise<void>((resolve) => {
      Object.assign(globalThis, { answerNow: resolve });
    })
  : null;

/** What moves files and does not come to its end by itself, by the name of the request. */
const uploading = new Map<string, { readonly end: (how: 'sent' | 'failed' | 'cancelled') => void }>();
Object.assign(globalThis, { endUpload: (how: 'sent' | 'failed') => [...uploading.values()][0]?.end(how) });

/** What was asked, of which conversation, by which name, and how. */
const asked: unknown[] = [];
Object.assign(globalThis, { asked });

function connect() {
  const listeners: ((message: unknown) => void)[] = [];
  Object.assign(globalThis, {
    tellEvent: (event: string, payload: unknown) => {
      for (const listener of listeners) listener({ event, payload });
    },
  });
  return {
    name: 'own',
    postMessage(request: { id: number; method: string; params?: Record<string, unknown> }) {
      if (scene === 'slow send' && (request.method === 'sendMessage' || request.method === 'saveDraft')) {
        const asked = window as unknown as Record<string, unknown[] | undefined>;
        const parts = request.params?.['parts'] as { readonly words: string }[] | undefined;
        const words = parts ? parts.map((part) => part.words).join('\n') : request.params?.['text'];
        asked[request.method] = [...(asked[request.method] ?? []), words];
        if (request.method === 'sendMessage') return;
      }
      asked.push([request.method, request.params?.['id'], request.params?.['clientId'], request.params]);
      const tell = (told: object): void => {
        for (const listener of listeners) listener(told);
      };
      // It has gone to a good third, and does not come to its end by itself.
      if ((scene === 'uploading' || scene === 'sent off before') && request.method === 'sendFile') {
        const file = String(request.params?.['clientId']);
        const { filename } = request.params ?? {};
        const sent = {
          ...fileOf(30, { filename, image: false }),
          id: `sent ${file}`,
          sender: me,
          mine: true,
          state: 'queued',
          sentAt: now,
        };
        const answers = { sent: { result: sent }, failed: unreachable, cancelled: refusing('cancelled') };
        uploading.set(file, {
          end(how) {
            uploading.delete(file);
            tell({ id: request.id, ...answers[how] });
          },
        });
        tell({ event: 'transfer', payload: { id: file, done: 3_700_000, total: 10_000_000 } });
        Object.assign(globalThis, { tellPhase: (phase: Status['phase']) => tell({ event: 'status', payload: { ...status, phase } }) });
        return;
      }
      // Neither does what is forwarded of this one.
      if (request.method === 'forwardFile' && request.params?.['message'] === files[1]?.id) {
        const file = String(request.params?.['file']);
        uploading.set(file, { end: () => tell({ id: request.id, ...refusing('cancelled') }) });
        tell({ event: 'transfer', payload: { id: file, done: 3_700_000, total: 10_000_000 } });
        return;
      }
      if (request.method === 'lossSeen') tell({ event: 'status', payload: { ...status, loss: null } });
      if (request.method === 'cancelFile') uploading.get(String(request.params?.['id']))?.end('cancelled');
      if (scene === 'silent' || scene === 'ahead' || (scene === 'loading' && request.method !== 'status')) return;
      const give = (): void => {
        const told = answer(request.method, request.params ?? {});
        note(told);
        for (const listener of listeners) listener({ id: request.id, ...told });
      };
      if (held) void held.then(give);
      else setTimeout(give, 0);
    },
    disconnect() {},
    onMessage: { addListener: (listener: (message: unknown) => void) => listeners.push(listener) },
    onDisconnect: { addListener() {} },
  };
}

/** One wallet on the node's page, which signs whatever it is asked. */
const scripting = {
  executeScript: async ({ args }: { args: unknown[] }) => [
    {
      result:
        args.length === 0
          ? scene === 'welcome no wallet'
            ? []
            : [{ id: 'w', name: 'A wallet', icon: null }]
          : { nonce: args[0], result: args[2] === 'personal_sign' ? `0x${'1b'.repeat(65)}` : [me] },
    },
  ],
};
const tabs = {
  get: async () => ({ status: 'complete', url: 'http://127.0.0.1:5555/link/' }),
  getCurrent: async () => ({ id: 1 }),
  create: async ({ url }: { url: string }) => {
    document.documentElement.dataset['opened'] = url;
    return { id: 2 };
  },
  update: async () => ({}),
  remove: async () => undefined,
  query: async () => [{ id: 3 }],
};

/** What the background left for the first look, in the scenes that have it; in `ahead` nothing more is ever heard. */
const left = new Map<string, unknown>();
const session = {
  get: async (name: string) => ({ [name]: left.get(name) }),
  set: async (values: object) => {
    for (const [name, value] of Object.entries(values)) left.set(name, value);
  },
  remove: async (name: string) => void left.delete(name),
};
// Before the page itself is loaded: a background has done it long ago.
if (scene.endsWith('ahead')) await leave();
async function leave(): Promise<void> {
  const key = await newGlimpseKey();
  await openGlimpseKey().put(key);
  const inbox = { offset: 0, rows: rows.slice(0, 5).map((row) => ({ ...row, draft: 'as it was' })), total: 5, more: false };
  const names = { [peers[0]]: 'Zoë Quinn' };
  const area = {
    get: async () => undefined,
    set: async (name: string, value: unknown) => void left.set(name, value),
    remove: async () => {},
  };
  await writeGlimpse(area, key, JSON.stringify({ status: { ...status, unread: 3 }, inbox, names }));
  left.set('unlocked', { lockAt: now + hour, idleAt: null });
}

const windows = { getCurrent: async () => ({ id: 1 }), create: async () => ({ id: 2 }) };

/**
 * Stands in for the browser's own interface where the popup runs as a plain page: one port, answered from a scene that the address names. Screens are looked at
 * and measured with it; what the background really does is tested elsewhere.
 */
export const browser = {
  storage: {
    session,
    local: { set: async (values: object) => void Object.assign(document.documentElement.dataset, { kept: JSON.stringify(values) }) },
  },
  runtime: {
    connect,
    getURL: (path: string) => path,
    reload: () => void Object.assign(document.documentElement.dataset, { reloaded: 'yes' }),
  },
  scripting,
  tabs,
  windows,
  sidebarAction: { open: async () => undefined },
};
