import { refused } from '../../src/background/refuse.ts';
import { RefusalError, type RefusalReason, toWireError } from '../../src/rpc/errors.ts';
import { newGlimpseKey, writeGlimpse } from '../../src/rpc/glimpse.ts';
import { openGlimpseKey } from '../../src/rpc/glimpse-key.ts';
import type { Address, Status } from '../../src/rpc/views/account.ts';
import type { ConversationRow, SearchAnswer } from '../../src/rpc/views/conversations.ts';
import type { Founding, FoundingStage } from '../../src/rpc/views/founding.ts';
import type { MessageView } from '../../src/rpc/views/messages.ts';
import type { Settings } from '../../src/rpc/views/settings.ts';
import type { Prompt, Site } from '../../src/rpc/views/sites.ts';
import type { NodeImport } from '../../src/rpc/views/transfers.ts';

/**
 * Stands in for the browser's own interface where the popup runs as a plain page: one port, answered from a scene that the address names. Screens are looked at
 * and measured with it; what the background really does is tested elsewhere.
 */
const me = '0xca9Feb3AeA471001A867e53E027a65af7E94a987';
const scene = new URLSearchParams(location.search).get('scene') ?? 'typical';
const theme = (new URLSearchParams(location.search).get('theme') ?? 'light') as Status['theme'];
const language = (new URLSearchParams(location.search).get('language') ?? 'browser') as Status['language'];
const now = Date.now();
const minute = 60_000;
const hour = 60 * minute;

const peers = [
  '0xD6FB14Ad7bc192BDb17AA1E58CA179F3E3951d9e',
  '0x52f3a19FbA55cd5Ad5b6cBdE8b3d5c4A8Ed09c1A',
  '0x9858EfFD232B4033E47d90003D41EC34EcaEda94',
  '0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A',
  '0xAebAa5243139da9c82A19B4f7bF9b2f0b1E4fC21',
  '0x3Cdc0A544950DbF88A37D1b6dBAc4A1D8fF3c0Ea',
] as const;

const previews = [
  'See you at seven, by the old bridge.',
  'You: Sent the second half just now, tell me when it is there',
  'مرحبا، كيف حالك اليوم؟ هل وصلتك الرسالة؟',
  'Looks good to me 👍',
  `${'A very long preview that never wants to end '.repeat(8)}`,
  'ok',
];

const times = [0.2 * minute, 4 * minute, 3 * hour, 26 * hour, 100 * hour, 24 * 40 * hour, 24 * 400 * hour];

function row(index: number): ConversationRow {
  const text = previews[index % previews.length] ?? '';
  const mine = text.startsWith('You: ');
  return {
    id: `c${index}`,
    peer: peers[index % peers.length] ?? peers[0],
    group:
      index === 4
        ? {
            title: 'Friday table',
            members: [me, peers[0], peers[1], peers[2]],
            creator: scene === 'own group' ? me : peers[0],
            left: [],
            mine: scene === 'own group',
            open: true,
          }
        : null,
    thread: index % 5 === 2 ? 'shop.example/order/17' : null,
    preview: index === 11 ? null : { text: mine ? text.slice(5) : text, mine },
    draft: index === 3 ? 'I was about to say that' : null,
    draftRevision: 0,
    files: [0, 0, 0, 1, 0, 3][index] ?? 0,
    leaving: index === 6 ? 2 : 0,
    time: now - (times[index % times.length] ?? 0),
    createdAt: now - 24 * 500 * hour,
    metadata: null,
    otherKeys: false,
    retired: false,
    shelf: 'inbox',
    pinned: index === 0,
    muted: index === 1,
    archived: false,
    reasons: [],
    proof: null,
    unread: [2, 0, 0, 0, 9999, 1][index % 6] ?? 0,
  };
}

const texts = [
  'Hello Bob, this is Alice. I found you by your address.',
  'Hello Alice!',
  'How did the move go? The last time we wrote you were still looking for somebody with a van, and the piano was the part that nobody wanted to talk about.',
  'Well, mostly.',
  'The piano stays 🎹',
  'https://example.org/pictures?album=move is where the pictures are',
  'שלום, זה טקסט מימין לשמאל',
  'const sum = (a, b) => a + b;\n\nmultiple lines\nare kept',
  'Averylongwordwithoutanyspacethatmustbebrokensomewherebecauseitdoesnotfitintoonelineofabubbleatall',
  'Thank you. Seven is fine.',
];

function message(index: number): MessageView {
  const mine = index % 3 === 0;
  return {
    id: index.toString(16).padStart(64, '0'),
    conversation: 'c0',
    sender: mine ? me : peers[0],
    mine,
    sentAt: now - (30 - index) * (index < 12 ? 5 * hour : 7 * minute),
    claimedAt: null,
    contentType: 'xmtp.org/text:1.0',
    quote:
      index === 22
        ? {
            id: (3).toString(16).padStart(64, '0'),
            sender: me,
            mine: true,
            text: 'How did the move go? The last time we wrote you were still looking',
          }
        : null,
    reactions:
      index === 24
        ? [
            { sign: '👍', senders: [me, peers[0]], mine: true },
            { sign: '🎹', senders: [peers[0]], mine: false },
          ]
        : [],
    read: mine && index < 24,
    shown:
      index === 20
        ? { form: 'unknown', type: 'example.com/poll:1.0', fallback: 'A poll: tea or coffee?' }
        : index === 22
          ? {
              form: 'reply',
              type: 'xmtp.org/reply:1.0',
              fallback: null,
              reference: (3).toString(16).padStart(64, '0'),
              content: { form: 'text', text: 'It went **well**, `mostly`.' },
            }
          : { form: 'text', text: texts[index % texts.length] ?? '' },
    state: mine ? (index === 30 ? 'failed' : index === 27 ? 'queued' : 'sent') : null,
  };
}

/** Strangers, from one that says nothing suspicious to one that says everything. */
const requests: ConversationRow[] = [5, 6, 7].map((index) => ({
  ...row(index),
  id: `r${index}`,
  group: null,
  draft: null,
  shelf: 'requests',
  pinned: false,
  muted: false,
  reasons:
    index === 5
      ? []
      : index === 6
        ? [{ kind: 'link' }]
        : [
            { kind: 'look-alike', known: peers[1] },
            { kind: 'secret' },
            { kind: 'bait' },
            { kind: 'link' },
            { kind: 'hidden' },
            { kind: 'many', count: 12 },
          ],
}));
const blocked: ConversationRow[] = [{ ...row(9), id: 'b9', draft: null, shelf: 'blocked' }];

const accountsShown: Status['accounts'] = scene.startsWith('welcome')
  ? []
  : [
      { address: me, name: scene === 'accounts' ? 'Work' : '', color: null, unread: 3 },
      ...(scene === 'accounts'
        ? [
            { address: peers[3] as typeof me, name: 'A rather long name for an account of mine', color: 2, unread: 12 },
            { address: peers[4] as typeof me, name: '', color: null, unread: 0 },
          ]
        : []),
    ];

/** What is wrong with the node, in the scenes of that name; `offline` is the first of them. */
const troubles: Record<string, Pick<Status['node'], 'state' | 'trouble'> & { readonly skew?: number }> = {
  offline: { state: 'offline', trouble: 'unreachable' },
  'node with errors': { state: 'offline', trouble: 'failed' },
  'busy node': { state: 'offline', trouble: 'limited' },
  'wrong node': { state: 'wrong', trouble: 'wrong' },
  'closed node': { state: 'unauthorised', trouble: 'unauthorised' },
  'slow clock': { state: 'clock', trouble: 'clock', skew: 3 * hour + 20 * minute },
  'fast clock': { state: 'clock', trouble: 'clock', skew: -17 * minute },
  syncing: { state: 'syncing', trouble: null },
};

const status: Status = {
  phase: scene.startsWith('welcome') ? 'welcome' : scene.startsWith('locked') ? 'locked' : 'ready',
  account: scene.startsWith('welcome') ? null : { address: me, phraseSaved: scene !== 'empty' },
  accounts: accountsShown,
  nextUnlockAt: scene === 'locked for a while' ? now + 30_000 : null,
  failedUnlocks: scene === 'locked for a while' ? 6 : 0,
  node: {
    url: 'http://127.0.0.1:5555',
    standsInFor: scene === 'stand-in' ? 'https://node.example' : null,
    skew: 0,
    ...(troubles[scene] ?? { state: 'connected', trouble: null }),
    remaining: scene === 'syncing' ? 12_345 : null,
  },
  lostAccounts: scene === 'welcome after the keys were lost' ? [me] : null,
  loss: scene === 'lost' ? { at: now - hour, from: null } : scene === 'lost, older' ? { at: now - hour, from: now - 30 * hour } : null,
  disk: scene === 'full disk' ? 'full' : null,
  nodeDoubt: scene === 'withholding node',
  prompts: 0,
  unread: 3,
  requests: scene === 'empty' ? 0 : requests.length,
  backedUp: scene !== 'empty',
  published: scene !== 'offline',
  theme,
  language,
  ensRpc: scene === 'names of ethereum' ? 'http://127.0.0.1:8545/' : null,
};

const rows =
  scene === 'empty'
    ? []
    : Array.from({ length: scene.startsWith('ten thousand') ? 10_000 : scene === 'overfull' ? 450 : 12 }, (_, index) => row(index));
/** The same by several: in a group everybody but the creator speaks in turn. */
const groupMessages = Array.from({ length: 14 }, (_, index) => {
  const sender = index % 4 === 0 ? me : (peers[(index >> 1) % 3] ?? peers[0]);
  return { ...message(index), sender, mine: sender === me, state: sender === me ? ('sent' as const) : null };
});
const fileOf = (index: number, change: object): MessageView => ({
  ...message(index),
  contentType: 'xmtp.org/attachment:1.0',
  sender: peers[0],
  mine: false,
  state: null,
  quote: null,
  reactions: [],
  shown: {
    form: 'file',
    type: 'xmtp.org/attachment:1.0',
    fallback: null,
    filename: 'evening.png',
    mimeType: 'image/png',
    size: 23_456,
    image: true,
    host: null,
    ...change,
  },
});
const files = [
  fileOf(27, {}),
  fileOf(28, {
    filename: 'minutes of a meeting that went on for longer than anybody had thought it would.pdf',
    mimeType: 'application/pdf',
    image: false,
  }),
  fileOf(29, { filename: 'film.mp4', mimeType: null, image: false, size: 12_345_678, host: 'files.example' }),
  fileOf(30, { filename: 'voice.ogg', mimeType: 'audio/ogg', image: false }),
];
const messages =
  scene === 'empty' ? [] : Array.from({ length: 31 }, (_, index) => (scene === 'files' ? files[index - 27] : undefined) ?? message(index));
/** Four squares of colour, as a picture. */
const drawn = (): string => {
  const canvas = document.createElement('canvas');
  canvas.width = 800;
  canvas.height = 600;
  const context = canvas.getContext('2d');
  for (const [index, color] of ['#c2410c', '#facc15', '#0f766e', '#1e3a8a'].entries()) {
    if (!context) break;
    context.fillStyle = color;
    context.fillRect((index % 2) * 400, Math.floor(index / 2) * 300, 400, 300);
  }
  return canvas.toDataURL('image/png').split(',')[1] ?? '';
};

const prompt: Prompt = {
  id: 'p1',
  origin:
    scene === 'overfull' ? 'https://xn--e1awd7f.a-very-long-name-that-goes-on-and-on-and-on-9999.example.com' : 'https://shop.example',
  decodedHost: scene === 'overfull' ? 'еріс.example' : null,
  title: 'Corner shop: fresh bread every day',
  account: me,
  askedAt: now,
  question:
    scene === 'empty'
      ? { kind: 'connect' }
      : scene === 'whole account'
        ? { kind: 'permissions', permissions: [{ kind: 'keystore', peers: '*', expiresIn: 3600 }], conversations: [], connects: true }
        : {
            kind: 'send',
            peers: [peers[0]],
            said: {
              kind: 'text',
              text: scene === 'overfull' ? texts.join('\n').repeat(5) : scene === 'bidi' ? 'Pay \u202e001 to me' : (texts[0] ?? ''),
            },
            contentType: 'xmtp.org/text:1.0',
            connects: true,
          },
  waiting: scene === 'overfull' ? 2 : 0,
};

const settings: Settings = {
  nodeUrl: 'http://127.0.0.1:5555',
  nodes:
    scene === 'empty'
      ? ['http://127.0.0.1:5555']
      : ['http://127.0.0.1:5555', 'https://node.example', 'https://a-node-with-a-very-long-name.somewhere.example:8443/below/a/path'],
  standby: scene === 'empty' ? [] : ['https://node.example'],
  publishToTwo: scene !== 'empty',
  comparison:
    scene === 'empty'
      ? null
      : {
          at: now - hour,
          nodes: [
            { url: 'http://127.0.0.1:5555', answered: true, looked: 120, missing: 3, foreign: 0, olderKeys: [peers[0]] },
            { url: 'https://node.example', answered: true, looked: 120, missing: 0, foreign: 0, olderKeys: [] },
          ],
        },
  backedUpAt: scene === 'empty' || scene === 'wallet outside' ? null : now - 40 * hour,
  exposure: scene === 'empty' ? { mode: 'all', sites: [] } : { mode: 'enabled', sites: ['https://shop.example', 'http://localhost'] },
  here: scene === 'empty' ? null : 'https://news.example',
  autoLockMinutes: null,
  preKey: { madeAt: now - 400 * 24 * hour, count: 2 },
  wallet: scene === 'wallet outside' ? { held: 'none', sealsBackups: false } : { held: 'phrase', sealsBackups: true },
  rotateDays: null,
  theme,
  language,
  ensRpc: scene === 'names of ethereum' ? 'http://127.0.0.1:8545/' : null,
  receipts: false,
  siteKeystore: scene !== 'empty',
  notifications: 'name',
  version: '0.1.0',
};

const day = { conversations: 2, messages: 41, calls: 0, sent: 3 };
const sites: Site[] =
  scene === 'empty'
    ? []
    : [
        {
          origin: 'https://shop.example',
          grant: {
            connectedAt: now,
            expiresAt: null,
            conversations: [{ name: 'a', peers: [peers[0]], title: null }],
            permissions: [
              { kind: 'send', peers: [peers[0], peers[1]], grantedAt: now, expiresAt: Date.now() + 70 * hour },
              { kind: 'read', peers: '*', since: 'all', grantedAt: now, expiresAt: null },
              { kind: 'read', peers: '*', conversations: ['a', 'b'], contentTypes: ['xmtp.org/text:1.0'], grantedAt: now, expiresAt: null },
            ],
          },
          ledger: {
            lastAt: now,
            total: { conversations: 12, messages: 1400, calls: 2, sent: 60 },
            days: [
              { date: '2026-11-25', ...day },
              { date: '2026-11-24', ...day, messages: 1, calls: 1, sent: 0 },
            ],
            sends: [
              { at: now, to: [peers[0]], others: 0 },
              { at: now - hour, to: peers.slice(0, 3), others: 9 },
            ],
          },
        },
        { origin: 'https://new.example', grant: { connectedAt: now, expiresAt: null, conversations: [], permissions: [] }, ledger: null },
        {
          origin: 'https://a-former-site-with-a-name-that-goes-on-and-on.example:8443',
          grant: null,
          ledger: { lastAt: now - 40 * hour, total: { ...day, calls: 0 }, days: [{ date: '2026-11-23', ...day }], sends: [] },
        },
      ];

const signed = `XMTP : Create Identity\n${'08c0e6bb8d8a321a43'.repeat(8)}\n\nFor more info: https://xmtp.org/signatures/`;
const founding = (way: Founding['way'], stage: FoundingStage): Founding => ({
  id: 'f',
  way,
  address: stage.step === 'account' ? null : me,
  node: stage.step === 'look' || stage.step === 'account' ? null : 'http://127.0.0.1:5555',
  stage,
});
/** An account on its way, by the scene `welcome STEP`. */
const stages: Record<string, Founding> = {
  account: founding('phrase', { step: 'account' }),
  look: founding('external', { step: 'look' }),
  sign: founding('external', { step: 'sign', purpose: 'create', text: signed, number: 0 }),
  open: founding('external', { step: 'sign', purpose: 'open', text: signed, number: 2 }),
  backup: founding('external', { step: 'backup' }),
  closed: founding('external', { step: 'stuck', why: 'backup-closed', tried: 1, older: 2 }),
  elsewhere: founding('key', { step: 'stuck', why: 'keys-elsewhere', tried: 0, older: 0 }),
  other: founding('bundle', { step: 'stuck', why: 'other-keys', tried: 0, older: 0 }),
  differs: founding('external', { step: 'stuck', why: 'signs-differently', tried: 0, older: 0 }),
  ready: founding('phrase', { step: 'ready', restored: true, replaces: false, backup: true }),
};
const [firstWord, step] = scene.split(' ');
const begun = firstWord === 'welcome' ? (stages[step ?? ''] ?? null) : null;

/** Errors as the background says them to its own pages. */
const failing = (error: unknown): { error: unknown } => ({ error: toWireError(error, 'own', () => undefined) });
const refusing = (reason: RefusalReason): { error: unknown } => failing(new RefusalError(reason, 'no'));
const unreachable = refusing('node-unreachable');

const searched = (text: string): SearchAnswer =>
  text.includes('nothing')
    ? { conversations: [], messages: [], more: false, unknown: text.includes('has:') ? ['has:wings'] : [], indexing: null }
    : {
        conversations: rows.slice(0, 2),
        messages: rows.slice(0, 6).map((conversation, n) => ({
          id: messages[0]?.id ?? '',
          conversation,
          sender: conversation.peer,
          mine: n % 2 === 1,
          sentAt: now - n * 30 * hour,
          text: `…and then we had the crème brûlée that everybody talks of, number ${n}, until late at night`,
          marks: [[21, 26]],
        })),
        more: true,
        unknown: [],
        indexing: scene === 'syncing' ? { done: 12_000, total: 50_000 } : null,
      };

/** Nothing but the status can be had, until the test mends it. */
let broken = scene.startsWith('failing');
Object.assign(globalThis, {
  mend: () => {
    broken = false;
  },
  /** Somebody writes. */
  say: (text: string) =>
    messages.push({ ...message(30), id: 'said', sentAt: now, mine: false, state: null, shown: { form: 'text', text } }),
});

/** The answer to one call: a result, or an error as `{ error }`. */
/** Of another node, once that was asked for. */
let imported: NodeImport | null = null;
function importOf(url: string): NodeImport {
  const topic = (
    topic: string,
    kind: NodeImport['topics'][number]['kind'],
    found: number,
    added: number,
    conversation: string | null = null,
  ) => ({
    topic,
    kind,
    conversation,
    found,
    added,
    unread: found - added,
  });
  const failed = scene === 'offline';
  const topics = failed
    ? []
    : [
        topic('/xmtp/0/privatestore/proto', 'keys', 1, 1),
        topic('/xmtp/0/invite/proto', 'invitations', 3, 2),
        topic('/xmtp/0/m-a/proto', 'conversation', 120, 118, 'c0'),
        topic('/xmtp/0/m-b/proto', 'conversation', 4, 0, 'c4'),
      ];
  return { account: me as Address, url, phase: failed ? 'failed' : 'done', failure: failed ? 'unreachable' : null, topics };
}

function listed(shelf: string): readonly ConversationRow[] {
  if (scene === 'empty' || shelf === 'archive') return [];
  if (shelf === 'requests') return requests;
  if (shelf === 'blocked') return blocked;
  return scene === 'strangers' ? [] : rows;
}

const resultOf = (answered: { result: unknown } | { error: unknown }): unknown => ('result' in answered ? answered.result : null);

function answer(method: string, params: Record<string, unknown>): { result: unknown } | { error: unknown } {
  if (broken && method !== 'status') return failing(new Error('a fault'));
  switch (method) {
    case 'status':
      if (scene === 'damaged') return refusing('storage-failed');
      return { result: status };
    case 'conversationWindow': {
      const all = listed(String(params['shelf']));
      const [offset, limit] = scene === 'ten thousand, stuck' ? [0, 40] : [Number(params['offset']), Number(params['limit'])];
      return { result: { offset, rows: all.slice(offset, offset + limit), total: all.length, more: offset + limit < all.length } };
    }
    case 'listConversations':
      if (params['shelf'] === 'requests') return { result: { rows: scene === 'empty' ? [] : requests, more: false } };
      if (params['shelf'] === 'blocked') return { result: { rows: scene === 'empty' ? [] : blocked, more: false } };
      if (params['shelf'] === 'archive') return { result: { rows: [], more: false } };
      if (scene === 'strangers') return { result: { rows: [], more: false } };
      return { result: { rows: rows.slice(0, Number(params['limit'] ?? 50)), more: rows.length > Number(params['limit'] ?? 50) } };
    case 'openConversation': {
      const [row, page, safety] = (['getConversation', 'listMessages', 'safety'] as const).map((each) => resultOf(answer(each, params)));
      const opened = { row, ...(page as object), safety: (row as ConversationRow).group ? null : safety };
      return { result: opened };
    }
    case 'getConversation':
      return {
        result: {
          ...([...rows, ...requests, ...blocked].find(({ id }) => id === params['id']) ?? rows[0] ?? row(0)),
          unread: scene === 'empty' ? 0 : 2,
          ...(scene === 'proof' && { proof: { signedAt: now - 48 * hour } }),
          otherKeys: scene === 'changed keys',
          retired: scene === 'retired',
        },
      };
    case 'safety':
      return {
        result: {
          number: params['numbers'] ? '012345678901234567890123456789012345678901234567890123456789' : null,
          otherNumber:
            params['numbers'] && scene === 'changed keys' ? '987650123498765012349876501234987650123498765012349876501234' : null,
          firstSeenAt: now - 400 * hour,
          verifiedAt: scene === 'verified' ? now - 2 * hour : null,
          warning: scene === 'changed keys' ? 'other-keys' : null,
          events:
            scene === 'changed keys'
              ? [
                  { at: now - 30 * hour, kind: 'verified' },
                  { at: now - 2 * minute, kind: 'changed' },
                ]
              : scene === 'verified'
                ? [{ at: now - 2 * hour, kind: 'verified' }]
                : [],
        },
      };
    case 'createGroup':
    case 'removeFromGroup':
      return { result: { ...row(4), id: method === 'createGroup' ? 'c4' : 'c5' } };
    case 'openFile':
      if (params['message'] === files[2]?.id) return refusing('file-gone');
      return params['message'] === files[0]?.id
        ? { result: { filename: 'evening.png', mimeType: 'image/png', imageType: 'image/png', data: drawn() } }
        : { result: { filename: 'voice.ogg', mimeType: 'audio/ogg', imageType: null, data: 'AAAA' } };
    case 'sendMessage':
      if (scene === 'blocked meanwhile') return refusing('blocked');
      return {
        result: {
          ...messages[0],
          id: 'sent',
          mine: true,
          sentAt: now,
          state: 'queued',
          shown: { form: 'text', text: params['text'] },
          quote: null,
        },
      };
    case 'sendFile':
      return scene === 'files' ? failing(refused('file-too-large', 'refusals.fileTooLarge')) : { result: messages[0] };
    case 'takeBackWords':
      Object.assign(window, { takenBack: params['file'] });
      return { result: null };
    case 'keepFile':
      if ((params['leaving'] as { after: readonly string[] | null } | null)?.after?.length) Object.assign(window, { keptWords: params });
      return scene === 'no room' ? refusing('too-many') : { result: null };
    case 'forwardFile':
      if (params['message'] === files[2]?.id) return refusing('file-gone');
      forwarded.push({ id: params['file'], to: params['id'], filename: 'evening.png', mimeType: 'image/png', size: 23_456, leaving: null });
      return { result: null };
    case 'dropFile':
      Object.assign(window, {
        droppedFiles: [...((window as unknown as { droppedFiles?: unknown[] }).droppedFiles ?? []), params['file']],
      });
      return { result: null };
    case 'markFile':
      return { result: true };
    case 'leavingFiles':
      return { result: scene === 'sent off before' ? ['c0'] : [] };
    case 'saveDraft':
      return { result: { revision: 0, before: '' } };
    case 'keptFiles':
      return {
        result:
          scene === 'kept files'
            ? keptFiles
            : scene === 'sent off before' && (params['id'] === 'c0' || params['id'] === 'b9')
              ? sentOff
              : forwarded.filter(({ to }) => to === params['id']),
      };
    case 'keptFile':
      Object.assign(window, { readFiles: [...((window as unknown as { readFiles?: unknown[] }).readFiles ?? []), params['file']] });
      return {
        result: { ...[...keptFiles, ...sentOff].find(({ id }) => id === params['file']), data: params['file'] === 'p' ? drawn() : 'YQ==' },
      };
    case 'receiveFile':
      return { result: { id: 'b' } };
    case 'exportConversations':
      return { result: { id: 'b', size: 3, name: 'parley-2026-01-01.json', conversations: 12, messages: 1 } };
    case 'readFile':
      return { result: 'e30K' };
    case 'importConversations':
      return scene === 'offline'
        ? refusing('backup-foreign')
        : { result: { exportedAt: now - 3 * hour, conversations: 2, messages: 40, added: 1 } };
    case 'importFromNode':
      imported = importOf(String(params['url']));
      return { result: imported };
    case 'nodeImport':
    case 'stopNodeImport':
      return { result: imported };
    case 'openBackup':
      return {
        result: {
          createdAt: now - 3 * hour,
          accounts: [
            { address: me, here: scene === 'welcome' ? 'new' : 'same', peers: 12, conversations: 12, messages: 1 },
            { address: peers[1], here: 'new', peers: 0, conversations: 0, messages: 0 },
          ],
        },
      };
    case 'sites':
      return { result: sites };
    case 'amendSite':
    case 'forgetSite':
      return { result: null };
    case 'names':
      return {
        result:
          scene === 'named'
            ? { [peers[0] as string]: 'Zoë Quinn', [peers[1] as string]: 'A name of sixty characters, which is as long as names may be' }
            : {},
      };
    case 'search':
      return { result: searched(String(params['text'])) };
    case 'listMessages':
      return { result: { messages: params['id'] === 'c4' ? groupMessages : messages, more: false } };
    case 'lookUpPeer':
      return String(params['peer']).endsWith('f')
        ? unreachable
        : {
            result: {
              address: params['peer'],
              state: scene === 'offline' ? 'unknown' : 'reachable',
              lookAlike: scene === 'overfull' ? peers[1] : null,
              conversation: null,
              warning: scene === 'changed keys' ? 'other-keys' : null,
            },
          };
    case 'settings':
      return { result: settings };
    case 'testNode':
      return { result: { url: params['url'], ok: true, roundTrip: 12, version: '0.1.0', clockSkew: 0, trouble: null } };
    case 'prompts':
      return { result: [prompt] };
    case 'answerPrompt':
      return params['allow'] && scene === 'whole account' ? refusing('wrong-passphrase') : { result: null };
    case 'unlock':
    case 'changePassphrase':
      return refusing('wrong-passphrase');
    case 'revealPhrase':
      return {
        result: {
          phrase: 'abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about',
          privateKey: '0x1',
        },
      };
    case 'founding':
      return { result: begun };
    case 'beginPhrase':
      return String(params['phrase']).split(' ').length < 12
        ? failing(refused('bad-secret', 'refusals.phraseLength', { number: 2 }))
        : { result: founding('phrase', { step: 'account' }) };
    case 'beginExternal':
      return { result: founding('external', { step: 'look' }) };
    case 'lookForKeys':
      return unreachable;
    case 'foundingAccounts':
      return {
        result: peers.slice(0, 5).map((address, index) => ({
          path: `m/44'/60'/0'/0/${Number(params['from']) + index}`,
          address,
          known: index === 1 ? 'conversations' : index === 2 ? 'keys' : 'nothing',
        })),
      };
    case 'askWallet':
      return { result: { nonce: 'n', purpose: 'create', text: signed, address: me } };
    case 'giveWalletAnswer':
      return { result: { founding: begun, fault: { why: 'wrong-signer', signer: peers[1] } } };
    case 'finishFounding':
      return { result: { ...status, phase: 'ready', account: { address: me, phraseSaved: false }, backedUp: false } };
    case 'phraseSaved':
      return { result: { ...status, phase: 'ready', account: { address: me, phraseSaved: true } } };
    default:
      return { result: null };
  }
}

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

/** What was laid among the files of a conversation. */
const forwarded: Record<string, unknown>[] = [];
const keptFiles = [
  { id: 'k', filename: 'of before.txt', mimeType: 'text/plain', size: 1, leaving: null },
  { id: 'p', filename: 'evening.png', mimeType: 'image/png', size: 2400, leaving: null },
];
/** Files that a page before this one sent off, and how it stands with each of them. */
const failedAs = (told: { readonly error: unknown }): string => JSON.stringify(told.error);
const sentOff = [
  ['going.pdf', null],
  ['unlucky.pdf', failedAs(unreachable)],
  ['vast.mov', failedAs(failing(refused('file-too-large', 'refusals.fileTooLarge')))],
  ['homeless.txt', failedAs(refusing('not-found'))],
].map(([filename, failure]) => ({
  id: filename,
  filename,
  mimeType: 'text/plain',
  size: 2400,
  leaving: { replyTo: null, failure, after: null },
}));
/** As another window does with files; who listens is told. */
Object.assign(globalThis, {
  layFile: (filename: string) => forwarded.push({ id: filename, to: 'c0', filename, mimeType: 'text/plain', size: 12, leaving: null }),
  takeFile: (filename: string) =>
    forwarded.splice(
      forwarded.findIndex(({ id }) => id === filename),
      1,
    ),
});

/** What moves files and does not come to its end by itself, by the name of the request. */
const uploading = new Map<string, { readonly end: (how: 'sent' | 'failed' | 'cancelled') => void }>();
Object.assign(globalThis, { endUpload: (how: 'sent' | 'failed') => [...uploading.values()][0]?.end(how) });

/** What was asked, and of which conversation. */
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
      asked.push([request.method, request.params?.['id']]);
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
