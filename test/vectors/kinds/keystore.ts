import { type DescMessage, fromBinary } from '@bufbuild/protobuf';
import {
  CreateInviteResponseSchema,
  DecryptResponseSchema,
  EncryptResponseSchema,
  GetConversationHmacKeysResponseSchema,
  SaveInvitesResponseSchema,
  SelfEncryptResponseSchema,
} from '../../../src/gen/xmtp/keystore_api/v1/keystore_pb.ts';
import type { Ciphertext } from '../../../src/gen/xmtp/message_contents/ciphertext_pb.ts';
import { SealedInvitationSchema } from '../../../src/gen/xmtp/message_contents/invitation_pb.ts';
import { PrivatePreferencesPayloadSchema } from '../../../src/gen/xmtp/message_contents/private_preferences_pb.ts';
import { answerKeystoreCall, KeystoreCallError } from '../../../src/keystore/keystore-api.ts';
import { emptyMemory, type KeystoreMemory } from '../../../src/keystore/keystore-memory.ts';
import { decodePrivateBundle } from '../../../src/protocol/private-keys.ts';
import { type Check, type Fields, mustRefuse, randomFrom, same, sameBytes, type Vector } from '../vector.ts';

/** What the keystores of one sequence of calls remember, by their owner's name; a sequence begins at step 0. */
const memories = new Map<string, KeystoreMemory>();

const memoryOf = ({ in: given, family }: Vector): KeystoreMemory => {
  if (given.raw('step') === 0) memories.clear();
  const name = `${family} ${given.text('keystoreOf')}`;
  const memory = memories.get(name) ?? emptyMemory();
  memories.set(name, memory);
  return memory;
};

/** Makes one call of a sequence and compares the answer byte for byte; of refusals the code counts, not the words. */
const call = async (vector: Vector): Promise<void> => {
  const { in: given, out, actors } = vector;
  const method = given.text('method');
  const owner = actors.find((actor) => actor.text('name') === given.text('keystoreOf'));
  if (!owner) throw new Error('nobody of that name among the actors');
  const memory = memoryOf(vector);
  const calling = (): Promise<Uint8Array> =>
    answerKeystoreCall(
      {
        bundle: decodePrivateBundle(owner.bytes('privateKeyBundle')),
        memory,
        policy: { exportKeys: true, signByIdentity: true },
        clock: () => Number(given.long('nowMs')),
        random: randomFrom(...randomOf(method, out)),
      },
      method,
      given.given('request') ? given.bytes('request') : null,
    );
  if (vector.refused) {
    const error = await mustRefuse(calling);
    same(error instanceof KeystoreCallError ? error.code : undefined, codeOf(out), 'code');
    return;
  }
  const response = await calling();
  if (out.has('sameTopicsAs')) {
    const { hmacKeys } = fromBinary(GetConversationHmacKeysResponseSchema, response);
    same(Object.keys(hmacKeys).sort(), [...memory.conversations.keys()].sort(), 'topics');
    same(memory.conversations.size > 0, true, 'there are conversations');
    return;
  }
  const batch = batches[method];
  if (batch === undefined) sameBytes(response, out, 'response');
  else same(withoutWords(batch, response), withoutWords(batch, out.bytes('response')), 'response');
};

const codeOf = (out: Fields): unknown => {
  if (!out.has('error')) return out.text('code') === 'ERROR_CODE_INVALID_INPUT' ? 1 : 2;
  return out.fields('error').raw('code');
};

/** Responses whose elements can be refusals. */
const batches: Readonly<Record<string, DescMessage>> = {
  decryptV1: DecryptResponseSchema,
  decryptV2: DecryptResponseSchema,
  encryptV1: EncryptResponseSchema,
  encryptV2: EncryptResponseSchema,
  selfEncrypt: SelfEncryptResponseSchema,
  selfDecrypt: DecryptResponseSchema,
  saveInvites: SaveInvitesResponseSchema,
};

/** A response with the wording of its refusals taken out. */
const withoutWords = (schema: DescMessage, response: Uint8Array): unknown => {
  const { responses } = fromBinary(schema, response) as unknown as {
    responses: { response: { case: string; value: { message?: string } } }[];
  };
  for (const { response: answer } of responses) if (answer.case === 'error') answer.value.message = '';
  return responses;
};

/** The salts and nonces that the reference client drew, in the order in which they are asked for. */
const randomOf = (method: string, out: Fields): Uint8Array<ArrayBuffer>[] => {
  if (!out.given('response')) return [];
  const bytes = out.bytes('response');
  const sealed: (Ciphertext | undefined)[] = [];
  if (method === 'createInvite') {
    const { version } = fromBinary(SealedInvitationSchema, fromBinary(CreateInviteResponseSchema, bytes).payload);
    sealed.push(version.value?.ciphertext);
  }
  if (method === 'encryptV1' || method === 'encryptV2')
    for (const { response } of fromBinary(EncryptResponseSchema, bytes).responses)
      if (response.case === 'result') sealed.push(response.value.encrypted);
  if (method === 'selfEncrypt')
    for (const { response } of fromBinary(SelfEncryptResponseSchema, bytes).responses)
      if (response.case === 'result') sealed.push(fromBinary(PrivatePreferencesPayloadSchema, response.value.encrypted).version.value);
  return sealed.flatMap((ciphertext) => {
    const parts = ciphertext?.union.value;
    return parts ? [Uint8Array.from(parts.hkdfSalt), Uint8Array.from(parts.gcmNonce)] : [];
  });
};

export const keystore: readonly Check[] = [{ needs: ['keystoreOf', 'method', 'request', 'nowMs', 'step'], run: call }];
