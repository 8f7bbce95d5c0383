import type { Value } from '../content-types/index.ts';
import {
  addressText,
  array,
  boolean,
  integer,
  matching,
  nullable,
  object,
  oneOf,
  optional,
  ParseError,
  type Parser,
  string,
} from '../parse.ts';
import { fromBase64, fromUtf8 } from '../protocol/bytes.ts';
import { entriesFor } from '../rpc/method.ts';
import { pageParams, permissionRequest, resumed } from '../rpc/schemas.ts';
import { accountColors, longestAccountName } from '../rpc/views/account.ts';
import { longestNickname } from '../rpc/views/conversations.ts';
import type { PermissionRequest } from '../rpc/views/sites.ts';
import { languages } from '../words/languages.ts';
import type { Services } from './services.ts';
import { amendment } from './sites/amendment.ts';

const { own, page } = entriesFor<Services>();

const passphrase = string({ min: 1, max: 1024 });
const url = string({ min: 1, max: 2048 });
const members = array(addressText, { min: 1, max: 250 });
const id = string({ min: 1, max: 128 });
/** What a page calls a file that it sends, and with it the request. */
const fileId = string({ min: 1, max: 64 });
const messageId = matching(/^[0-9a-f]{64}$/, 'the id of a message');
const leavingMark = object({
  replyTo: nullable(messageId),
  failure: nullable(string({ max: 4096 })),
  after: nullable(array(fileId, { max: 50 })),
});
const path = string({ min: 1, max: 128 });
/** What is left of what was asked for; that it is no more, the service sees to. */
const given = array(nullable(permissionRequest), { max: 10 }) as Parser<unknown> as Parser<readonly (PermissionRequest | null)[]>;

/** @throws ParseError */
function bytesOf(base64: string): Uint8Array {
  try {
    return fromBase64(base64);
  } catch {
    throw new ParseError('params.data', 'base64');
  }
}

/**
 * Everything that can be asked of the background. `own` entries answer the extension's own pages alone; the `xmtp_*` entries answer web pages,
 * and what a page needs beyond that (connection, permission, the user's yes) is the first thing its service sees to.
 */
export const methods = {
  status: own(object({}), (_, { accounts }) => accounts.status()),
  unlock: own(object({ passphrase }), (p, { accounts }) => accounts.unlock(p.passphrase)),
  lock: own(object({}), (_, { accounts }) => accounts.lock()),
  revealPhrase: own(object({ passphrase }), (p, { accounts }) => accounts.revealPhrase(p.passphrase)),
  phraseSaved: own(object({}), (_, { accounts }) => accounts.phraseSaved()),
  changePassphrase: own(object({ passphrase, next: passphrase }), (p, { accounts }) => accounts.changePassphrase(p.passphrase, p.next)),
  rotatePreKey: own(object({}), (_, { accounts }) => accounts.rotatePreKey()),
  newIdentity: own(object({ passphrase }), (p, { accounts }) => accounts.newIdentity(p.passphrase)),
  wipe: own(object({ passphrase }), (p, { accounts }) => accounts.wipe(p.passphrase)),

  founding: own(object({}), (_, { foundings }) => foundings.state()),
  beginNew: own(object({ words: oneOf(12, 24), node: optional(url) }), (p, { foundings }) =>
    foundings.begin({ way: 'new', words: p.words, node: p.node ?? null }),
  ),
  beginPhrase: own(object({ phrase: string({ max: 1024 }), extraWord: string({ max: 1024 }), node: optional(url) }), (p, { foundings }) =>
    foundings.begin({ way: 'phrase', phrase: p.phrase, extraWord: p.extraWord, node: p.node ?? null }),
  ),
  beginPrivateKey: own(object({ key: string({ max: 128 }) }), (p, { foundings }) => foundings.begin({ way: 'key', ...p })),
  beginKeys: own(object({ keys: string({ max: 1 << 20 }) }), (p, { foundings }) => foundings.begin({ way: 'bundle', ...p })),
  beginExternal: own(object({ address: addressText }), (p, { foundings }) => foundings.begin({ way: 'external', ...p })),
  foundingAccounts: own(
    object({ kind: oneOf('standard', 'ledger-live', 'ledger-old'), from: integer({ max: 1000 }) }),
    (p, { foundings }) => foundings.accounts(p),
  ),
  foundingAccountAt: own(object({ path }), (p, { foundings }) => foundings.accounts(p)),
  chooseFoundingAccount: own(object({ path }), (p, { foundings }) => foundings.choose(p.path)),
  lookForKeys: own(object({ node: optional(url) }), (p, { foundings }) => foundings.look(p.node ?? null)),
  askWallet: own(object({ origin: nullable(url) }), (p, { foundings }) => foundings.ask(p.origin)),
  giveWalletAnswer: own(object({ nonce: id, origin: nullable(url), signature: string({ max: 16_384 }) }), (p, { foundings }) =>
    foundings.answer(p),
  ),
  decideFounding: own(object({ choice: oneOf('older', 'new-identity', 'backup', 'no-backup') }), (p, { foundings }) =>
    foundings.decide(p.choice),
  ),
  finishFounding: own(object({ passphrase }), (p, { foundings }) => foundings.finish(p.passphrase)),
  dropFounding: own(object({}), (_, { foundings }) => foundings.drop()),

  makeBackup: own(object({ passphrase, filePassphrase: passphrase, messages: boolean }), (p, { backups }) =>
    backups.make(p.passphrase, p.filePassphrase, p.messages),
  ),
  openBackup: own(object({ id, filePassphrase: passphrase }), (p, { backups }) => backups.open(p.id, p.filePassphrase)),
  restoreBackup: own(object({ id, passphrase }), (p, { backups }) => backups.restore(p.id, p.passphrase)),

  exportConversations: own(object({ id: nullable(id) }), (p, { exports }) => exports.make(p.id)),
  importConversations: own(object({ id }), (p, { exports }) => exports.take(p.id)),
  nodeImport: own(object({}), (_, { nodeImports }) => nodeImports.state()),
  importFromNode: own(object({ url: string({ min: 1, max: 2048 }) }), (p, { nodeImports }) => nodeImports.start(p.url)),
  stopNodeImport: own(object({}), (_, { nodeImports }) => nodeImports.stop()),

  readFile: own(object({ id, offset: integer() }), (p, { parcels }) => parcels.read(p.id, p.offset)),
  fileSaved: own(object({ id }), (p, { parcels }) => parcels.saved(p.id)),
  receiveFile: own(object({ size: integer({ min: 1 }) }), (p, { parcels }) => parcels.receive(p.size)),
  putFile: own(object({ id, offset: integer(), data: string() }), (p, { parcels }) => parcels.put(p.id, p.offset, p.data)),
  closeFile: own(object({ id }), (p, { parcels }) => parcels.close(p.id)),

  listConversations: own(
    object({
      before: optional(integer()),
      limit: optional(integer({ min: 1, max: 50_000 })),
      shelf: optional(oneOf('inbox', 'requests', 'blocked', 'archive')),
    }),
    (p, { conversations }) => conversations.list(p),
  ),
  conversationWindow: own(
    object({
      shelf: oneOf('inbox', 'requests', 'blocked', 'archive'),
      offset: integer({ max: 1_000_000 }),
      limit: integer({ min: 1, max: 500 }),
    }),
    (p, { conversations }) => conversations.window(p.shelf, p.offset, p.limit),
  ),
  openConversation: own(object({ id, limit: optional(integer({ min: 1, max: 200 })) }), (p, { openings }) => openings.open(p.id, p.limit)),
  getConversation: own(object({ id }), (p, { conversations }) => conversations.get(p.id)),
  lookUpPeer: own(object({ peer: addressText }), (p, { conversations }) => conversations.lookUp(p.peer)),
  startConversation: own(object({ peer: addressText }), (p, { conversations }) => conversations.start(p.peer)),
  acceptKeys: own(object({ peer: addressText }), (p, { conversations }) => conversations.acceptKeys(p.peer)),
  typedKey: own(object({}), (_, { drafts }) => drafts.key()),
  saveDraft: own(
    object({
      id,
      writer: string({ min: 1, max: 64 }),
      seq: integer(),
      base: integer(),
      parts: array(object({ id: string({ max: 64 }), words: string({ max: 1_048_577 }), since: optional(integer()) }), { max: 200 }),
    }),
    ({ id: conversation, ...said }, { drafts }) => drafts.save({ conversation, ...said }),
  ),
  addToDraft: own(object({ id, text: string({ min: 1, max: 524_288 }) }), (p, { drafts }) => drafts.add(p.id, p.text)),
  takeBackWords: own(object({ id, file: fileId }), async (p, { drafts, keptFiles }) => {
    const kept = await keptFiles.get(p.id, p.file);
    if (kept) await drafts.add(p.id, fromUtf8(bytesOf(kept.data)), p.file, () => keptFiles.drop(p.id, p.file));
  }),
  markRead: own(object({ id }), async (p, { conversations, messages }) => {
    if (await conversations.markRead(p.id)) await messages.receipt(p.id);
  }),

  readySearch: own(object({}), (_, { search }) => search.ready()),
  search: own(
    object({ text: string({ max: 1024 }), conversation: optional(id), limit: optional(integer({ min: 1, max: 1000 })) }),
    (p, { search }) => search.find(p),
  ),

  names: own(object({}), (_, { names }) => names.all()),
  namePeer: own(object({ peer: addressText, name: string({ max: 4 * longestNickname }) }), (p, { names }) => names.put(p.peer, p.name)),

  safety: own(object({ id, numbers: boolean }), (p, { safety }) => safety.read(p.id, p.numbers)),
  verifySafety: own(object({ id, number: string({ min: 60, max: 60 }), verified: boolean }), (p, { safety }) =>
    safety.verify(p.id, p.number, p.verified),
  ),

  decideOn: own(object({ id, verdict: oneOf('allowed', 'denied') }), (p, { requests }) => requests.decide(p.id, p.verdict)),
  undoProof: own(object({ id }), (p, { requests }) => requests.undoProof(p.id)),
  arrange: own(
    object({ id, pinned: optional(boolean), muted: optional(boolean), archived: optional(boolean) }),
    ({ id: conversation, ...order }, { requests }) => requests.arrange(conversation, order),
  ),

  createGroup: own(object({ title: string({ max: 800 }), members }), (p, { groups }) => groups.create(p.title, p.members)),
  addToGroup: own(object({ id, members }), (p, { groups }) => groups.add(p.id, p.members)),
  removeFromGroup: own(object({ id, members }), (p, { groups }) => groups.remove(p.id, p.members)),
  renameGroup: own(object({ id, title: string({ max: 800 }) }), (p, { groups }) => groups.rename(p.id, p.title)),
  leaveGroup: own(object({ id }), (p, { groups }) => groups.leave(p.id)),

  listMessages: own(
    object({
      id,
      before: optional(id),
      limit: optional(integer({ min: 1, max: 200 })),
    }),
    (p, { messages }) => messages.list(p.id, p),
  ),
  sendMessage: own(
    object({
      id,
      text: string({ min: 1, max: 524288 }),
      clientId: string({ min: 1, max: 64 }),
      replyTo: optional(messageId),
    }),
    (p, { messages }) => {
      const text: Value = { kind: 'text', text: p.text };
      return messages.send(p.id, p.replyTo === undefined ? text : { kind: 'reply', reference: p.replyTo, content: text }, p.clientId);
    },
  ),
  react: own(
    object({ id, message: messageId, sign: string({ min: 1, max: 64 }), added: boolean, clientId: string({ min: 1, max: 64 }) }),
    (p, { messages }) =>
      messages.send(
        p.id,
        { kind: 'reaction', action: p.added ? 'added' : 'removed', reference: p.message, schema: 'unicode', content: p.sign },
        p.clientId,
      ),
  ),
  openFile: own(object({ message: messageId }), (p, { attachments }) => attachments.open(p.message)),
  sendFile: own(
    object({
      id,
      filename: string({ max: 1024 }),
      mimeType: string({ max: 255 }),
      data: string({ min: 1, max: 36_000_000 }),
      clientId: fileId,
      replyTo: optional(messageId),
    }),
    async ({ id: conversation, data, clientId, replyTo = null, ...file }, { attachments, keptFiles }) => {
      const sent = await attachments.send(conversation, { ...file, replyTo, data: bytesOf(data) }, clientId);
      await keptFiles.drop(conversation, clientId);
      return sent;
    },
  ),
  keepFile: own(
    object({
      id,
      file: fileId,
      filename: string({ max: 1024 }),
      mimeType: string({ max: 255 }),
      data: string({ min: 1, max: 36_000_000 }),
      leaving: optional(leavingMark),
    }),
    ({ id: conversation, file, leaving, ...rest }, { keptFiles }) => keptFiles.keep(conversation, file, rest, leaving),
  ),
  keptFiles: own(object({ id }), (p, { keptFiles }) => keptFiles.list(p.id)),
  leavingFiles: own(object({}), (_, { keptFiles }) => keptFiles.leaving()),
  markFile: own(
    object({
      id,
      file: fileId,
      leaving: nullable(leavingMark),
    }),
    (p, { keptFiles }) => keptFiles.mark(p.id, p.file, p.leaving),
  ),
  keptFile: own(object({ id, file: fileId }), (p, { keptFiles }) => keptFiles.get(p.id, p.file)),
  dropFile: own(object({ id, file: fileId }), (p, { keptFiles }) => keptFiles.drop(p.id, p.file)),
  forwardFile: own(object({ message: messageId, id, file: fileId }), (p, { attachments }) => attachments.forward(p.message, p.id, p.file)),
  cancelFile: own(object({ id: string({ min: 1, max: 64 }) }), (p, { attachments }) => attachments.cancel(p.id)),
  hideMessage: own(object({ message: messageId }), (p, { messages }) => messages.hide(p.message)),
  retryMessage: own(object({ message: id }), (p, { messages }) => messages.retry(p.message)),
  discardMessage: own(object({ message: id }), (p, { messages }) => messages.discard(p.message)),

  settings: own(object({}), (_, { settings }) => settings.read()),
  setNode: own(object({ url, passphrase: optional(passphrase) }), (p, { settings }) => settings.setNode(p.url, p.passphrase ?? null)),
  addNode: own(object({ url }), (p, { settings }) => settings.addNode(p.url)),
  removeNode: own(object({ url }), (p, { settings }) => settings.removeNode(p.url)),
  setStandby: own(object({ url, on: boolean, passphrase: optional(passphrase) }), (p, { settings }) =>
    settings.setStandby(p.url, p.on, p.passphrase ?? null),
  ),
  setPublishToTwo: own(object({ on: boolean }), (p, { settings }) => settings.setPublishToTwo(p.on)),
  compareNodes: own(object({}), (_, { settings }) => settings.compareNodes()),
  testNode: own(object({ url }), (p, { settings }) => settings.testNode(p.url)),
  setAutoLock: own(object({ minutes: oneOf(null, 5, 15, 60, 240) }), (p, { settings }) => settings.setAutoLock(p.minutes)),
  setRotateDays: own(object({ days: oneOf(null, 30, 90, 365) }), (p, { settings }) => settings.setRotateDays(p.days)),
  setExposure: own(object({ mode: oneOf('all', 'enabled', 'asked') }), (p, { settings }) => settings.setExposure(p.mode)),
  exposeTo: own(object({ site: url, on: boolean }), (p, { settings }) => settings.exposeTo(p.site, p.on)),
  setNotifications: own(object({ level: oneOf('off', 'nothing', 'name', 'text') }), (p, { settings }) =>
    settings.setNotifications(p.level),
  ),
  lossSeen: own(object({}), (_, { settings }) => settings.lossSeen()),
  setReceipts: own(object({ on: boolean }), (p, { settings }) => settings.setReceipts(p.on)),
  setSiteKeystore: own(object({ on: boolean }), (p, { settings }) => settings.setSiteKeystore(p.on)),
  setTheme: own(object({ theme: oneOf('system', 'light', 'dark', 'contrast') }), (p, { settings }) => settings.setTheme(p.theme)),
  setEnsRpc: own(object({ url: nullable(string({ min: 1, max: 2048 })), passphrase: optional(passphrase) }), (p, { settings }) =>
    settings.setEnsRpc(p.url, p.passphrase ?? null),
  ),
  setLanguage: own(object({ language: oneOf('browser', ...languages) }), (p, { settings }) => settings.setLanguage(p.language)),

  switchAccount: own(object({ address: addressText }), (p, { accounts }) => accounts.switchTo(p.address)),
  describeAccount: own(
    object({
      address: addressText,
      name: optional(string({ max: longestAccountName })),
      color: optional(nullable(integer({ min: 0, max: accountColors - 1 }))),
    }),
    ({ address, ...look }, { accounts }) => accounts.describe(address, look),
  ),
  removeAccount: own(object({ address: addressText, passphrase }), (p, { accounts }) => accounts.remove(p.address, p.passphrase)),

  prompts: own(object({}), (_, { sites }) => sites.prompts()),
  answerPrompt: own(
    object({
      id,
      allow: boolean,
      expiresIn: nullable(integer({ min: 1, max: 604_800 })),
      permissions: optional(given),
      passphrase: optional(passphrase),
    }),
    (p, { sites }) => sites.answer(p.id, p),
  ),
  sites: own(object({}), (_, { sites }) => sites.list()),
  revokeSite: own(object({ origin: url }), (p, { sites }) => sites.revokeSite(p.origin)),
  amendSite: own(amendment, (p, { sites }) => sites.amend(p.origin, p.permission, p.kept)),
  forgetSite: own(object({ origin: url }), (p, { sites }) => sites.forgetSite(p.origin)),

  xmtp_accounts: page(pageParams.xmtp_accounts, (_, { sites }, caller) => sites.accounts(caller)),
  xmtp_requestAccounts: page(pageParams.xmtp_requestAccounts, (_, { sites }, caller) => sites.requestAccounts(caller)),
  xmtp_getPermissions: page(pageParams.xmtp_getPermissions, (_, { sites }, caller) => sites.permissions(caller)),
  xmtp_revokePermissions: page(pageParams.xmtp_revokePermissions, (p, { sites }, caller) => sites.revoke(caller, p.kind)),
  xmtp_canMessage: page(pageParams.xmtp_canMessage, (p, { sites }, caller) => sites.canMessage(caller, p.peers)),
  xmtp_newConversation: page(pageParams.xmtp_newConversation, (p, { sites }, caller) => sites.newConversation(caller, p)),
  xmtp_requestPermissions: page(pageParams.xmtp_requestPermissions, (p, { sites }, caller) =>
    sites.requestPermissions(caller, p.permissions),
  ),
  xmtp_listConversations: page(pageParams.xmtp_listConversations, (p, { sites }, caller) => sites.listConversations(caller, p)),
  xmtp_listMessages: page(pageParams.xmtp_listMessages, (p, { sites }, caller) => sites.listMessages(caller, p)),
  xmtp_subscribe: page(pageParams.xmtp_subscribe, (p, { sites }, caller) => sites.subscribe(caller, p)),
  xmtp_unsubscribe: page(pageParams.xmtp_unsubscribe, (p, { sites }, caller) => sites.unsubscribe(caller, p.subscription)),
  xmtp_keystore: page(pageParams.xmtp_keystore, (p, { sites }, caller) => sites.keystore(caller, p)),
  resume: page(resumed, (p, { sites }, caller) => sites.resume(caller, p.subscriptions)),
  xmtp_sendMessage: page(pageParams.xmtp_sendMessage, (p, { sites }, caller) => sites.sendMessage(caller, p)),
};

export type Methods = typeof methods;
