import type { Status } from '../../src/rpc/views/account.ts';
import type { ConversationRow } from '../../src/rpc/views/conversations.ts';
import type { Founding, FoundingStage } from '../../src/rpc/views/founding.ts';
import type { MessageView } from '../../src/rpc/views/messages.ts';
import type { Settings } from '../../src/rpc/views/settings.ts';
import type { Prompt, Site } from '../../src/rpc/views/sites.ts';

/** What there is in the scene that the address of the page names. */
export const me = '0xca9Feb3AeA471001A867e53E027a65af7E94a987';
export const scene = new URLSearchParams(location.search).get('scene') ?? 'typical';
const theme = (new URLSearchParams(location.search).get('theme') ?? 'light') as Status['theme'];
const language = (new URLSearchParams(location.search).get('language') ?? 'browser') as Status['language'];
export const now = Date.now();
export const minute = 60_000;
export const hour = 60 * minute;

export const peers = [
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

export function row(index: number): ConversationRow {
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

export const texts = [
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

export function message(index: number): MessageView {
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
export const requests: ConversationRow[] = [5, 6, 7].map((index) => ({
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
export const blocked: ConversationRow[] = [{ ...row(9), id: 'b9', draft: null, shelf: 'blocked' }];

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

export const status: Status = {
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
  lostAccounts: scene === 'welcome after the keys were lost' || scene === 'welcome after the keys were damaged' ? [me] : null,
  keysDamaged: scene === 'welcome after the keys were damaged',
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

export const rows =
  scene === 'empty'
    ? []
    : Array.from({ length: scene.startsWith('ten thousand') ? 10_000 : scene === 'overfull' ? 450 : 12 }, (_, index) => row(index));
/** The same by several: in a group everybody but the creator speaks in turn. */
export const groupMessages = Array.from({ length: 14 }, (_, index) => {
  const sender = index % 4 === 0 ? me : (peers[(index >> 1) % 3] ?? peers[0]);
  return { ...message(index), sender, mine: sender === me, state: sender === me ? ('sent' as const) : null };
});
export const fileOf = (index: number, change: object): MessageView => ({
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
export const files = [
  fileOf(27, {}),
  fileOf(28, {
    filename: 'minutes of a meeting that went on for longer than anybody had thought it would.pdf',
    mimeType: 'application/pdf',
    image: false,
  }),
  fileOf(29, { filename: 'film.mp4', mimeType: null, image: false, size: 12_345_678, host: 'files.example' }),
  fileOf(30, { filename: 'voice.ogg', mimeType: 'audio/ogg', image: false }),
];
export const messages =
  scene === 'empty' ? [] : Array.from({ length: 31 }, (_, index) => (scene === 'files' ? files[index - 27] : undefined) ?? message(index));
/** Four squares of colour, as a picture. */
export const drawn = (): string => {
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

export const prompt: Prompt = {
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

export const settings: Settings = {
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
export const sites: Site[] =
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

export const signed = `XMTP : Create Identity\n${'08c0e6bb8d8a321a43'.repeat(8)}\n\nFor more info: https://xmtp.org/signatures/`;
export const founding = (way: Founding['way'], stage: FoundingStage): Founding => ({
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
export const [firstWord, step] = scene.split(' ');
export const begun = firstWord === 'welcome' ? (stages[step ?? ''] ?? null) : null;
