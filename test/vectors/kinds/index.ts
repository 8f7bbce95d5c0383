import type { Check } from '../vector.ts';
import { authTokens } from './auth-tokens.ts';
import { cipher } from './cipher.ts';
import { consentProofs } from './consent-proofs.ts';
import { contacts } from './contacts.ts';
import { content } from './content.ts';
import { conversationLists } from './conversation-lists.ts';
import { encryptedKeyBundles } from './encrypted-key-bundles.ts';
import { frames } from './frames.ts';
import { groups } from './groups.ts';
import { hmacKeys } from './hmac-keys.ts';
import { identity } from './identity.ts';
import { inviteDerivation } from './invite-derivation.ts';
import { keyAgreement } from './key-agreement.ts';
import { keyBundles } from './key-bundles.ts';
import { keystore } from './keystore.ts';
import { localPersistence } from './local-persistence.ts';
import { messagesV2, messagesV2Negative } from './messages.ts';
import { messagesV1 } from './messages-v1.ts';
import { nodeRules } from './node-rules.ts';
import { preferences } from './preferences.ts';
import { remoteAttachments } from './remote-attachments.ts';
import { sealedInvitations } from './sealed-invitations.ts';
import { serialisedMessages } from './serialised-messages.ts';
import { topics } from './topics.ts';
import { wireJson } from './wire-json.ts';

/** The checks of every kind that is built, tried in order; a case that none applies to is skipped. */
export const kinds: Readonly<Record<string, readonly Check[]>> = {
  'auth-tokens': authTokens,
  cipher,
  'consent-proofs': consentProofs,
  contacts,
  content,
  'conversation-lists': conversationLists,
  'encrypted-key-bundles': encryptedKeyBundles,
  frames,
  groups,
  'hmac-keys': hmacKeys,
  identity,
  'invite-derivation': inviteDerivation,
  'key-agreement': keyAgreement,
  'key-bundles': keyBundles,
  keystore,
  'local-persistence': localPersistence,
  'messages-v1': messagesV1,
  'messages-v2': messagesV2,
  'messages-v2-negative': messagesV2Negative,
  'node-rules': nodeRules,
  preferences,
  'remote-attachments': remoteAttachments,
  'sealed-invitations': sealedInvitations,
  'serialised-messages': serialisedMessages,
  topics,
  'wire-json': wireJson,
};
