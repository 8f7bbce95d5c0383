import type { Methods } from '../background/methods.ts';
import { createClient } from '../rpc/client.ts';
import type { OwnMethods } from '../rpc/method.ts';
import type { OwnEvents } from '../rpc/views/events.ts';
import { type Port, portNames } from '../rpc/wire.ts';
import { browser } from './browser.ts';

/** What may be asked again when the background died before it answered: questions, and sends that name themselves. */
const repeatable = new Set([
  'status',
  'listConversations',
  'conversationWindow',
  'openConversation',
  'getConversation',
  'decideOn',
  'undoProof',
  'arrange',
  'lookUpPeer',
  'saveDraft',
  'typedKey',
  'keepFile',
  'keptFiles',
  'keptFile',
  'dropFile',
  'leavingFiles',
  'markFile',
  'takeBackWords',
  'markRead',
  'listMessages',
  'search',
  'names',
  'namePeer',
  'sendMessage',
  'sendFile',
  'react',
  'startConversation',
  'settings',
  'sites',
  'forgetSite',
  'testNode',
  'prompts',
  'founding',
  'foundingAccounts',
  'foundingAccountAt',
  'chooseFoundingAccount',
  'lookForKeys',
  'askWallet',
]);

/** The background, as the extension's own pages know it. */
export const background = createClient<OwnMethods<Methods>, OwnEvents>({
  connect: () => browser.runtime.connect({ name: portNames.own }) as unknown as Port,
  repeatable: (method) => repeatable.has(method),
});
