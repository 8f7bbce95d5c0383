import { Code } from '@connectrpc/connect';
import { type Address, isAddress } from '../protocol/address.ts';
import { verifyContact } from '../protocol/contact-bundle.ts';
import { maxMessageLength } from '../protocol/envelope.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { sha256 } from '../protocol/hash.ts';
import { parseSealed } from '../protocol/invitation.ts';
import { readKeyBackup } from '../protocol/key-backup.ts';
import { parseLegacyMessage } from '../protocol/legacy-message.ts';
import { parseMessage } from '../protocol/message.ts';
import { ciphertextId } from '../protocol/preferences.ts';
import { verifyBundle } from '../protocol/public-keys.ts';
import { msToNs } from '../protocol/time.ts';
import { contactTopic, directTopic, isEphemeralTopic, maxTopicLength, ordinaryTopic, parseTopic } from '../protocol/topic.ts';
import { refuse } from './refusal.ts';
import { type ContactFacts, maxTimestampNs, type NewEnvelope } from './store/store.ts';

/** How far ahead of our clock what is kept may be dated. */
const maxAheadMs = 3_600_000;

export interface PublishRules {
  readonly compat: boolean;
  readonly nowMs: number;
  /** Whether another node took it first. Its clock may be a little ahead of ours. */
  readonly relayed?: boolean;
}

/** How far the clocks of two nodes may differ. */
const nodeSkewMs = 300_000;

/**
 * Checks one envelope of a wallet's publish and answers what the store gets. `compat` checks what existing nodes check (SPEC 13.3, 14.3);
 * otherwise the envelope must also be what its topic is for.
 * @throws ConnectError, ProtocolError
 */
export function checkEnvelope(envelope: NewEnvelope, wallet: Address, { compat, nowMs: ours, relayed = false }: PublishRules): NewEnvelope {
  const nowMs = relayed ? ours + nodeSkewMs : ours;
  checkSizes(envelope);
  checkOwner(envelope.topic, wallet);
  const contact = compat ? contactIfGood(envelope) : checkContent(envelope, wallet, nowMs);
  return contact ? { ...envelope, contact: relayed ? { ...contact, relayed } : contact } : envelope;
}

function checkSizes({ topic, timestampNs, message }: NewEnvelope): void {
  if (Buffer.byteLength(topic) > maxTopicLength) throw refuse(Code.InvalidArgument, 'topic length too big');
  if (message.length > maxMessageLength) throw refuse(Code.InvalidArgument, 'message too big');
  if (timestampNs > maxTimestampNs) throw refuse(Code.InvalidArgument, 'timestamp too big: at most 2^63-1 nanoseconds');
}

/** Contact and private store are written by their owner only; read off the topic exactly as existing nodes do. */
function checkOwner(topic: string, wallet: Address): void {
  if (!topic.startsWith('/xmtp/0/contact') && !topic.startsWith('/xmtp/0/privatestore')) return; // most are messages
  const [kind, owner] = (topic.split('/')[3] ?? '').split('-');
  if ((kind === 'contact' || kind === 'privatestore') && owner !== wallet)
    throw refuse(Code.PermissionDenied, 'publishing to restricted topic');
}

/** The strict part: refuses what no reader could use, by kind of topic (SPEC 19.1, 19.10). */
function checkContent(envelope: NewEnvelope, wallet: Address, nowMs: number): ContactFacts | undefined {
  const { topic, timestampNs, message } = envelope;
  if (!/^[\x21-\x7e]+$/.test(topic)) throw refuse(Code.InvalidArgument, 'topic must be printable ASCII and not empty');
  if (message.length === 0) throw refuse(Code.InvalidArgument, 'message is empty');
  if (!isEphemeralTopic(topic)) checkNotAhead(timestampNs, nowMs, 'timestamp');
  const { kind, address } = parseTopic(topic);
  switch (kind) {
    case 'contact':
      return checkContact(envelope, wallet, nowMs);
    case 'privatestore':
      readKeyBackup(message);
      return undefined;
    case 'invite':
      checkInvitation(envelope, wallet, address as string);
      return undefined;
    case 'm':
    case 'mE':
      checkMessage(envelope);
      return undefined;
    case 'intro':
    case 'dm':
    case 'dmE':
      checkLegacyMessage(envelope, wallet, address);
      return undefined;
    case 'userpreferences':
      ciphertextId(message);
      return undefined;
    default:
      // A name that is nearly one of these two must not become a second place for the same thing.
      if (/^\/xmtp\/0\/(contact|privatestore)\b/.test(topic))
        throw refuse(Code.InvalidArgument, 'no such topic for contacts or key backups');
      return undefined;
  }
}

/** The contact must verify for the topic's address (SPEC 5.5); whether it is newer is decided where it is stored. */
function checkContact({ topic, message }: NewEnvelope, wallet: Address, nowMs: number): ContactFacts {
  if (topic !== contactTopic(wallet)) throw refuse(Code.InvalidArgument, 'no such contact topic');
  const facts = contactFacts(message, wallet, true);
  checkNotAhead(msToNs(facts.createdMs), nowMs, 'pre-key');
  return facts;
}

function contactFacts(message: Uint8Array, wallet: Address, mustBeNewer: boolean): ContactFacts {
  const { version, preKeyCreatedMs, identityKey, preKey } = verifyContact(message, wallet);
  return { version, createdMs: preKeyCreatedMs, keys: sha256(identityKey, preKey), mustBeNewer };
}

/** Without refusing anything: a node that later becomes strict then knows what its contact topics hold. */
function contactIfGood({ topic, message }: NewEnvelope): ContactFacts | undefined {
  const { kind, address } = parseTopic(topic);
  if (kind !== 'contact' || topic !== contactTopic(address as Address)) return undefined;
  try {
    return contactFacts(message, address as Address, false);
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

/** The public header names time, sender and recipient (SPEC 7.1). */
function checkInvitation({ timestampNs, message }: NewEnvelope, wallet: Address, owner: string): void {
  const { sender, recipient, createdNs } = parseSealed(message);
  if (createdNs !== timestampNs) throw new ProtocolError('wrong-time', 'the invitation has another time than its envelope');
  const from = verifyBundle(sender.bundle).address;
  const to = verifyBundle(recipient.bundle).address;
  if (from !== wallet) throw new ProtocolError('wrong-sender', 'the invitation is from another wallet');
  if (owner !== from && owner !== to) throw new ProtocolError('wrong-topic', 'the invitation concerns neither side of this topic');
}

/** The header names topic and time (SPEC 8.1); an ephemeral message names its ordinary topic (SPEC 4.2). */
function checkMessage({ topic, timestampNs, message }: NewEnvelope): void {
  const { header } = parseMessage(message);
  if (header.topic !== ordinaryTopic(topic)) throw new ProtocolError('wrong-topic', 'the message was written for another topic');
  if (header.createdNs !== timestampNs) throw new ProtocolError('wrong-time', 'the message has another time than its envelope');
}

/** The header names time, sender and recipient, in clear (SPEC 9.1, 9.3). */
function checkLegacyMessage({ topic, timestampNs, message }: NewEnvelope, wallet: Address, owner: string | undefined): void {
  const { sender, recipient, timestampMs } = parseLegacyMessage(message);
  if (timestampMs * 1_000_000n !== timestampNs) throw new ProtocolError('wrong-time', 'the message has another time than its envelope');
  const from = verifyBundle(sender.bundle).address;
  const to = verifyBundle(recipient.bundle).address;
  if (from !== wallet) throw new ProtocolError('wrong-sender', 'the message is from another wallet');
  const fits = owner === undefined ? ordinaryTopic(topic) === directTopic(from, to) : owner === from || owner === to;
  if (!fits) throw new ProtocolError('wrong-topic', 'the message was written for another topic');
}

function checkNotAhead(timeNs: bigint, nowMs: number, what: string): void {
  if (timeNs > msToNs(nowMs + maxAheadMs)) throw refuse(Code.InvalidArgument, `${what} is more than an hour ahead of this node`);
}

/** Who must have published an envelope: the owner of the topic, or the sender that it names in clear. Nobody in particular otherwise. */
export function writerOf({ topic, message }: NewEnvelope): Address {
  const { kind, address } = parseTopic(topic);
  if ((kind === 'contact' || kind === 'privatestore') && address !== undefined && isAddress(address)) return address;
  try {
    if (kind === 'invite') return verifyBundle(parseSealed(message).sender.bundle).address;
    if (kind === 'intro' || kind === 'dm' || kind === 'dmE') return verifyBundle(parseLegacyMessage(message).sender.bundle).address;
  } catch (error) {
    // Its own check says what is wrong with it.
    if (!(error instanceof ProtocolError)) throw error;
  }
  return '0x0000000000000000000000000000000000000000';
}
