import { create, toBinary } from '@bufbuild/protobuf';
import { CiphertextSchema } from '../../../src/gen/xmtp/message_contents/ciphertext_pb.ts';
import { openAead, sealAead } from '../../../src/protocol/aead.ts';
import { type Check, mustRefuse, randomFrom, sameBytes, type Vector } from '../vector.ts';

/** Opens the given ciphertext, and seals the plaintext again with the same salt and nonce where the case has one. */
const openAndSeal = async (vector: Vector): Promise<void> => {
  const given = vector.in;
  const secret = given.bytes('secret');
  const additionalData = given.given('additionalData') ? given.bytes('additionalData') : undefined;
  const hkdfSalt = given.bytes('hkdfSalt');
  const gcmNonce = given.bytes('gcmNonce');
  const ciphertext = create(CiphertextSchema, {
    union: { case: 'aes256GcmHkdfSha256', value: { hkdfSalt, gcmNonce, payload: given.bytes('payload') } },
  });
  if (vector.refused) {
    await mustRefuse(() => openAead(secret, ciphertext, additionalData));
    return;
  }
  sameBytes(await openAead(secret, ciphertext, additionalData), vector.out, 'plaintext');
  if (!given.has('ciphertextBytes')) return;
  const sealed = await sealAead(secret, given.bytes('plaintext'), additionalData, randomFrom(hkdfSalt, gcmNonce));
  sameBytes(toBinary(CiphertextSchema, sealed), given, 'ciphertextBytes');
};

export const cipher: readonly Check[] = [{ needs: ['secret', 'hkdfSalt', 'gcmNonce', 'payload'], run: openAndSeal }];
