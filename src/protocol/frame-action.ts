import { create } from '@bufbuild/protobuf';
import { type FrameActionBody, FrameActionBodySchema, FrameActionSchema } from '../gen/xmtp/message_contents/frames_pb.ts';
import { SignatureSchema } from '../gen/xmtp/message_contents/signature_pb.ts';
import type { Address } from './address.ts';
import { toBase64, utf8 } from './bytes.ts';
import { ProtocolError } from './errors.ts';
import { sha256 } from './hash.ts';
import { type PrivateBundle, publicBundle, signByIdentity } from './private-keys.ts';
import { readSignature, verifyBundle } from './public-keys.ts';
import { verify } from './secp256k1.ts';
import { type Clock, systemClock } from './time.ts';
import { decode, encode } from './wire.ts';

/** A click on an interactive link, before it is signed. */
export interface FrameClick {
  /** The link's address: http or https. */
  readonly frameUrl: string;
  /** From 1. */
  readonly buttonIndex: number;
  readonly conversationTopic: string;
  readonly participants: readonly Address[];
  readonly inputText?: string;
  /** At most 4096 bytes. */
  readonly state?: string;
  readonly address?: string;
  readonly transactionId?: string;
}

/** What a frame server learns from a signed click. */
export interface OpenedFrameAction {
  readonly sender: Address;
  readonly body: FrameActionBody;
}

/** The JSON that is posted to a frame server (SPEC 10.11). */
export interface FramePost {
  readonly clientProtocol: 'xmtp@2024-02-09';
  readonly untrustedData: Readonly<Record<string, string | number>>;
  readonly trustedData: { readonly messageBytes: string };
}

const maxStateLength = 4096;

/** Signs a click with the identity key; an encoded FrameAction (SPEC 10.11). @throws ProtocolError malformed, too-large */
export function signFrameAction(bundle: PrivateBundle, click: FrameClick, clock: Clock = systemClock): Uint8Array<ArrayBuffer> {
  const { frameUrl, buttonIndex, inputText = '', state = '', address = '', transactionId = '' } = click;
  checkBody({ frameUrl, buttonIndex, state });
  const now = clock();
  const body = create(FrameActionBodySchema, {
    frameUrl,
    buttonIndex,
    timestamp: BigInt(now),
    opaqueConversationIdentifier: conversationIdentifier(click),
    // Meant as seconds, but existing clients put milliseconds here, of which 32 bits remain.
    unixTimestamp: Number(BigInt.asUintN(32, BigInt(now))),
    inputText,
    state,
    address,
    transactionId,
  });
  const actionBody = encode(FrameActionBodySchema, body);
  const signature = create(SignatureSchema, {
    union: { case: 'ecdsaCompact', value: { ...signByIdentity(bundle, sha256(actionBody)) } },
  });
  return encode(
    FrameActionSchema,
    create(FrameActionSchema, { signature, signedPublicKeyBundle: publicBundle(bundle).signed, actionBody }),
  );
}

/** Reads a signed click and whose it is. @throws ProtocolError malformed, bad-signature, too-large */
export function openFrameAction(bytes: Uint8Array): OpenedFrameAction {
  const { signature, signedPublicKeyBundle, actionBody } = decode(FrameActionSchema, bytes, 'the frame action');
  if (!signedPublicKeyBundle) throw new ProtocolError('malformed', 'the frame action does not name its sender');
  const { address, identityKey } = verifyBundle(signedPublicKeyBundle);
  if (signature?.union.case !== 'ecdsaCompact' || !verify(sha256(actionBody), readSignature(signature), identityKey))
    throw new ProtocolError('bad-signature', 'the frame action is not signed by its sender');
  const body = decode(FrameActionBodySchema, actionBody, 'the body of the frame action');
  checkBody(body);
  return { sender: address, body };
}

/** The whole post for a click, with the signed bytes and the same facts in clear. @throws ProtocolError malformed, too-large */
export function framePost(bundle: PrivateBundle, click: FrameClick, clock: Clock = systemClock): FramePost {
  const now = clock();
  const { frameUrl, buttonIndex, inputText, state, address, transactionId } = click;
  return {
    clientProtocol: 'xmtp@2024-02-09',
    untrustedData: {
      buttonIndex,
      opaqueConversationIdentifier: conversationIdentifier(click),
      walletAddress: publicBundle(bundle).address,
      ...(inputText !== undefined && { inputText }),
      url: frameUrl,
      timestamp: now,
      unixTimestamp: now,
      ...(state !== undefined && { state }),
      ...(address !== undefined && { address }),
      ...(transactionId !== undefined && { transactionId }),
    },
    trustedData: { messageBytes: toBase64(signFrameAction(bundle, click, () => now)) },
  };
}

/** Tells conversations apart without naming topic or members; base64. */
export const conversationIdentifier = ({
  conversationTopic,
  participants,
}: Pick<FrameClick, 'conversationTopic' | 'participants'>): string =>
  toBase64(
    sha256(
      utf8(
        conversationTopic.toLowerCase() +
          participants
            .map((address) => address.toLowerCase())
            .sort()
            .join(''),
      ),
    ),
  );

/**
 * The identity key signs pre-keys by the same kind of digest, and the address is the first field of either: a body that began with bytes of a
 * page's choice could be taken for a pre-key. No pre-key parses where http stands.
 */
function checkBody({ frameUrl, buttonIndex, state }: Pick<FrameActionBody, 'frameUrl' | 'buttonIndex' | 'state'>): void {
  if (!/^https?:\/\//.test(frameUrl)) throw new ProtocolError('malformed', 'a frame is addressed by http or https');
  if (!Number.isInteger(buttonIndex) || buttonIndex < 1) throw new ProtocolError('malformed', 'buttons count from 1');
  if (utf8(state).length > maxStateLength) throw new ProtocolError('too-large', 'the state of a frame has at most 4096 bytes');
}
