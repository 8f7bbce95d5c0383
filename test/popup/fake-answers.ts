import { refused } from '../../src/background/refuse.ts';
import { RefusalError, type RefusalReason, toWireError } from '../../src/rpc/errors.ts';
import type { Address } from '../../src/rpc/views/account.ts';
import type { ConversationRow, SearchAnswer } from '../../src/rpc/views/conversations.ts';
import type { NodeImport } from '../../src/rpc/views/transfers.ts';
import {
  begun,
  blocked,
  drawn,
  files,
  founding,
  groupMessages,
  hour,
  me,
  message,
  messages,
  minute,
  now,
  peers,
  prompt,
  requests,
  row,
  rows,
  scene,
  settings,
  signed,
  sites,
  status,
} from './fake-scene.ts';

/** Errors as the background says them to its own pages. */
const failing = (error: unknown): { error: unknown } => ({ error: toWireError(error, 'own', () => undefined) });
export const refusing = (reason: RefusalReason): { error: unknown } => failing(new RefusalError(reason, 'no'));
export const unreachable = refusing('node-unreachable');

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

/** The newest, or those before one, as many as are asked for. */
function pageOf<T extends { readonly id: string }>(all: readonly T[], { before, limit = 50 }: Record<string, unknown>) {
  const older =
    before === undefined
      ? all
      : all.slice(
          0,
          all.findIndex(({ id }) => id === before),
        );
  return { messages: older.slice(-Number(limit)), more: older.length > Number(limit) };
}

const resultOf = (answered: { result: unknown } | { error: unknown }): unknown => ('result' in answered ? answered.result : null);

/** The answer to one call: a result, or an error as `{ error }`. */
export function answer(method: string, params: Record<string, unknown>): { result: unknown } | { error: unknown } {
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
          unread: scene === 'empty' ? 0 : scene === 'much unread' ? 12 : 2,
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
      return { result: pageOf<{ readonly id: string }>(params['id'] === 'c4' ? groupMessages : messages, params) };
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

/** What was laid among the files of a conversation. */
export const forwarded: Record<string, unknown>[] = [];
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
