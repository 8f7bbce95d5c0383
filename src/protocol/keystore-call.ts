import { create, type DescMessage, type MessageInitShape, type MessageShape } from '@bufbuild/protobuf';
import {
  CreateAuthTokenRequestSchema,
  CreateInviteRequestSchema,
  CreateInviteResponseSchema,
  DecryptResponseSchema,
  DecryptV1RequestSchema,
  DecryptV2RequestSchema,
  EncryptResponseSchema,
  EncryptV1RequestSchema,
  EncryptV2RequestSchema,
  ErrorCode,
  GetConversationHmacKeysRequestSchema,
  GetConversationHmacKeysResponseSchema,
  GetConversationsResponseSchema,
  GetPrivatePreferencesTopicIdentifierResponseSchema,
  GetRefreshJobRequestSchema,
  GetRefreshJobResponseSchema,
  SaveInvitesRequestSchema,
  SaveInvitesResponseSchema,
  SaveV1ConversationsRequestSchema,
  SaveV1ConversationsResponseSchema,
  SelfDecryptRequestSchema,
  SelfEncryptRequestSchema,
  SelfEncryptResponseSchema,
  SetRefeshJobRequestSchema,
  SetRefreshJobResponseSchema,
  SignDigestRequestSchema,
} from '../gen/xmtp/keystore_api/v1/keystore_pb.ts';
import { TokenSchema } from '../gen/xmtp/message_api/v1/authn_pb.ts';
import { PrivateKeyBundleV1Schema } from '../gen/xmtp/message_contents/private_key_pb.ts';
import { PublicKeyBundleSchema } from '../gen/xmtp/message_contents/public_key_pb.ts';
import { SignatureSchema } from '../gen/xmtp/message_contents/signature_pb.ts';
import { ProtocolError } from './errors.ts';
import { decode, encode } from './wire.ts';

/** The methods of a keystore: what each is asked, null where it takes no request, and what it answers (SPEC 16.2). */
export const keystoreMethods = {
  decryptV1: [DecryptV1RequestSchema, DecryptResponseSchema],
  decryptV2: [DecryptV2RequestSchema, DecryptResponseSchema],
  encryptV1: [EncryptV1RequestSchema, EncryptResponseSchema],
  encryptV2: [EncryptV2RequestSchema, EncryptResponseSchema],
  saveInvites: [SaveInvitesRequestSchema, SaveInvitesResponseSchema],
  createInvite: [CreateInviteRequestSchema, CreateInviteResponseSchema],
  createAuthToken: [CreateAuthTokenRequestSchema, TokenSchema],
  signDigest: [SignDigestRequestSchema, SignatureSchema],
  getPublicKeyBundle: [null, PublicKeyBundleSchema],
  getPrivateKeyBundle: [null, PrivateKeyBundleV1Schema],
  saveV1Conversations: [SaveV1ConversationsRequestSchema, SaveV1ConversationsResponseSchema],
  getV1Conversations: [null, GetConversationsResponseSchema],
  getV2Conversations: [null, GetConversationsResponseSchema],
  getRefreshJob: [GetRefreshJobRequestSchema, GetRefreshJobResponseSchema],
  setRefreshJob: [SetRefeshJobRequestSchema, SetRefreshJobResponseSchema],
  selfEncrypt: [SelfEncryptRequestSchema, SelfEncryptResponseSchema],
  selfDecrypt: [SelfDecryptRequestSchema, DecryptResponseSchema],
  getPrivatePreferencesTopicIdentifier: [null, GetPrivatePreferencesTopicIdentifierResponseSchema],
  getV2ConversationHmacKeys: [GetConversationHmacKeysRequestSchema, GetConversationHmacKeysResponseSchema],
} as const satisfies Record<string, readonly [DescMessage | null, DescMessage]>;

export type KeystoreMethod = keyof typeof keystoreMethods;

/** What a method is asked, decoded. */
export type KeystoreRequest<M extends KeystoreMethod> = (typeof keystoreMethods)[M][0] extends infer D extends DescMessage
  ? MessageShape<D>
  : null;

/** What a method answers, as plain values or encoded already. */
export type KeystoreResponse<M extends KeystoreMethod> = MessageInitShape<(typeof keystoreMethods)[M][1]> | Uint8Array<ArrayBuffer>;

/** The codes of the wire: for anything else, for a request that is wrong, for a key that is missing. */
export const keystoreCode = {
  unspecified: ErrorCode.UNSPECIFIED,
  invalidInput: ErrorCode.INVALID_INPUT,
  noMatchingPreKey: ErrorCode.NO_MATCHING_PREKEY,
} as const;

export type KeystoreCode = (typeof keystoreCode)[keyof typeof keystoreCode];

/** @throws ProtocolError unsupported */
export function parseKeystoreMethod(name: string): KeystoreMethod {
  if (!Object.hasOwn(keystoreMethods, name)) throw new ProtocolError('unsupported', 'a keystore has no such method');
  return name as KeystoreMethod;
}

/** Reads a request; no bytes are a request whose fields are all absent. @throws ProtocolError malformed */
export function decodeKeystoreRequest<M extends KeystoreMethod>(method: M, bytes: Uint8Array | null): KeystoreRequest<M> {
  const [schema] = keystoreMethods[method];
  return (schema && decode(schema, bytes ?? new Uint8Array(0), 'the request')) as KeystoreRequest<M>;
}

export function encodeKeystoreResponse<M extends KeystoreMethod>(method: M, response: KeystoreResponse<M>): Uint8Array<ArrayBuffer> {
  if (response instanceof Uint8Array) return response;
  const schema: DescMessage = keystoreMethods[method][1];
  return encode(schema, create(schema, response as MessageInitShape<DescMessage>));
}
