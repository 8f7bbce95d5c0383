import type { ConsentProofPayloadVersion } from '../../../src/gen/xmtp/message_contents/invitation_pb.ts';
import { parseAddress } from '../../../src/protocol/address.ts';
import { fromHex, toHex } from '../../../src/protocol/bytes.ts';
import {
  consentProof,
  consentProofText,
  decodeConsentProof,
  encodeConsentProof,
  verifyConsentProof,
} from '../../../src/protocol/consent-proof.ts';
import { signText } from '../../../src/protocol/wallet-signature.ts';
import { type Check, mustRefuse, same, sameBytes, type Vector } from '../vector.ts';

/** The text, its signature and the payload, byte for byte. */
const make = ({ in: given, out }: Vector): void => {
  const timestampMs = Number(given.long('timestampMs'));
  const text = consentProofText(given.text('senderAddress'), timestampMs);
  same(text, out.text('text'), 'text');
  const signature = signText(text, given.bytes('walletPrivateKey'));
  same(`0x${toHex(signature)}`, out.text('signature'), 'signature');
  const payload = encodeConsentProof(consentProof(signature, timestampMs));
  sameBytes(payload, out, 'payload');
  same(decodeConsentProof(payload), consentProof(fromHex(out.text('signature')), timestampMs), 'payload decoded');
};

/** What the receiver holds of the sender afterwards: a proof decides only what nobody decided before. */
const receive = async (vector: Vector): Promise<void> => {
  const { in: given, out } = vector;
  const prior = given.text('priorState');
  const expected = vector.recommended === 'reject' ? prior : out.text('consentStateOfSender');
  const proof = {
    ...consentProof(new Uint8Array(65), Number(given.long('timestampMs'))),
    signature: given.text('signature'),
    payloadVersion: given.raw('payloadVersion') as ConsentProofPayloadVersion,
  };
  const parties = { sender: parseAddress(given.text('sender')), receiver: parseAddress(given.text('receiver')) };
  const verify = () => verifyConsentProof(proof, parties, () => Number(given.long('nowMs')));
  if (prior === 'unknown' && expected === 'unknown') {
    await mustRefuse(verify);
    return;
  }
  const { sender } = verify();
  same(sender, parties.sender, 'sender');
  same(prior === 'unknown' ? 'allowed' : prior, expected, 'consentStateOfSender');
};

export const consentProofs: readonly Check[] = [
  { needs: ['walletPrivateKey', 'senderAddress', 'timestampMs'], run: make },
  { needs: ['receiver', 'sender', 'signature', 'timestampMs', 'payloadVersion', 'nowMs', 'priorState'], run: receive },
];
