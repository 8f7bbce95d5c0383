import { encodeText } from '../../src/content-types/index.ts';
import { createNodeClient, type NodeClient } from '../../src/network/node-client.ts';
import { parseAddress } from '../../src/protocol/address.ts';
import { createAuthToken } from '../../src/protocol/auth-token.ts';
import { fromHex } from '../../src/protocol/bytes.ts';
import { verifyContact } from '../../src/protocol/contact-bundle.ts';
import { encodeContent } from '../../src/protocol/content.ts';
import type { Envelope } from '../../src/protocol/envelope.ts';
import { deriveInvitation, sealInvitation } from '../../src/protocol/invitation.ts';
import { readKeyBackup } from '../../src/protocol/key-backup.ts';
import { sealMessage } from '../../src/protocol/message.ts';
import type { PrivateBundle } from '../../src/protocol/private-keys.ts';
import type { VerifiedBundle } from '../../src/protocol/public-keys.ts';
import { msToNs } from '../../src/protocol/time.ts';
import { contactTopic, inviteTopic, privateStoreTopic } from '../../src/protocol/topic.ts';
import { enableIdentityText, signText } from '../../src/protocol/wallet-signature.ts';
import { openCache } from '../../src/storage/cache.ts';
import type { Person } from './people.ts';

/** For who speaks the protocol with her own hands, and says with it what no program of ours would. */

export const nowNs = (): bigint => msToNs(Date.now());

export const envelope = (contentTopic: string, message: Uint8Array, timestampNs = nowNs()): Envelope => ({
  contentTopic,
  timestampNs,
  message,
});

export const textPayload = (text: string): Uint8Array => encodeContent(encodeText(text));

export const clientOf = (url: string, who: { readonly bundle: PrivateBundle }): NodeClient =>
  createNodeClient(url, { authToken: () => createAuthToken(who.bundle) });

export async function contactOf(url: string, address: string): Promise<VerifiedBundle> {
  const owner = parseAddress(address);
  const { envelopes } = await createNodeClient(url).query({ topics: [contactTopic(owner)], direction: 'descending' });
  return verifyContact(envelopes[0]?.message ?? new Uint8Array(0), owner);
}

export interface Invited {
  readonly api: NodeClient;
  readonly topic: string;
  readonly keyMaterial: Uint8Array;
  readonly sealed: Uint8Array;
  readonly createdNs: bigint;
  readonly peer: VerifiedBundle;
  /** A message for the conversation, sealed. */
  say(text: string, sender?: PrivateBundle, createdNs?: bigint): Promise<{ readonly message: Uint8Array; readonly id: string }>;
}

/** `from` invites the owner of `address`: as programs do it, or to whatever topic, with whatever key and time is given. */
export async function invite(
  url: string,
  from: Person,
  address: string,
  other: {
    readonly topic?: string;
    readonly keyMaterial?: Uint8Array;
    readonly createdNs?: bigint;
    /** The time of the envelope, where it is not that of the invitation. */
    readonly envelopeNs?: bigint;
  } = {},
): Promise<Invited> {
  const peer = await contactOf(url, address);
  const derived = await deriveInvitation(from.bundle, peer);
  const { topic = derived.topic, keyMaterial = derived.encryption.value?.keyMaterial ?? new Uint8Array(0), createdNs = nowNs() } = other;
  const invitation = {
    ...derived,
    topic,
    encryption: { case: 'aes256GcmHkdfSha256' as const, value: { ...derived.encryption.value, keyMaterial } },
  };
  const sealed = await sealInvitation(from.bundle, peer, invitation as typeof derived, createdNs);
  const api = clientOf(url, from);
  const { envelopeNs = createdNs } = other;
  await api.publish([inviteTopic(peer.address), inviteTopic(from.address)].map((each) => envelope(each, sealed, envelopeNs)));
  const say = (text: string, sender = from.bundle, sentNs = nowNs()) =>
    sealMessage({ topic, keyMaterial, bundle: sender, payload: textPayload(text), createdNs: sentNs, shouldPush: true });
  return { api, topic, keyMaterial, sealed, createdNs, peer, say };
}

/** Why things of an account are in quarantine. */
export async function reasons(address: string): Promise<string[]> {
  const cache = openCache(address.toLowerCase());
  const rows = await cache.inbox.quarantined(200);
  await cache.close();
  return rows.map(({ reason }) => reason ?? '');
}

/** A person's own keys, by way of the backup that the wallet opens. */
export async function keysFromBackup(url: string, address: string, privateKey: string): Promise<PrivateBundle> {
  const owner = parseAddress(address);
  const { envelopes } = await createNodeClient(url).query({ topics: [privateStoreTopic(owner)] });
  const backup = readKeyBackup(envelopes[0]?.message ?? new Uint8Array(0));
  return backup.open(signText(enableIdentityText(backup.walletPreKey), fromHex(privateKey.replace(/^0x/, ''))), owner);
}
