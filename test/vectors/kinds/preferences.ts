import { foldConsent, openConsent, sealConsent } from '../../../src/protocol/consent.ts';
import { ProtocolError } from '../../../src/protocol/errors.ts';
import {
  type ConsentAction,
  decodeActions,
  encodeAction,
  type IdentityKey,
  openFromSelf,
  preferencesIdentifier,
  sealToSelf,
} from '../../../src/protocol/preferences.ts';
import { publicPoint } from '../../../src/protocol/secp256k1.ts';
import { preferencesTopic } from '../../../src/protocol/topic.ts';
import { type Check, Fields, mustRefuse, randomFrom, same, sameBytes, type Vector } from '../vector.ts';

const identityOf = (given: Fields): IdentityKey => {
  const secret = given.bytes('identityPrivateKey');
  return { secret, point: publicPoint(secret) };
};

const topic = async ({ in: given, out }: Vector): Promise<void> => {
  const identifier = await preferencesIdentifier(identityOf(given));
  same(identifier, out.text('identifier'), 'identifier');
  same(preferencesTopic(identifier), out.text('topic'), 'topic');
};

/** Opens one message, compares its action, and seals it again. */
const open = async (vector: Vector): Promise<void> => {
  const { in: given, out } = vector;
  const identity = identityOf(given);
  const opening = () => openFromSelf(identity, given.bytes('message'));
  if (vector.refused) {
    await mustRefuse(opening);
    return;
  }
  sameBytes(identity.point, given, 'identityPublicKey');
  const plaintext = await opening();
  sameBytes(plaintext, out, 'plaintext');
  const actions = decodeActions(plaintext);
  same(actions, actionsOf(out.fields('action')), 'action');
  if (actions[0]) sameBytes(encodeAction(actions[0]), out, 'plaintext');
  const random = randomFrom(out.bytes('hkdfSalt'), out.bytes('gcmNonce'));
  sameBytes(await sealToSelf(identity, plaintext, random), given, 'message');
};

const members = [
  ['allowAddress', 'allowed', 'address', 'walletAddresses'],
  ['denyAddress', 'denied', 'address', 'walletAddresses'],
  ['allowGroup', 'allowed', 'groupId', 'groupIds'],
  ['denyGroup', 'denied', 'groupId', 'groupIds'],
  ['allowInboxId', 'allowed', 'inboxId', 'inboxIds'],
  ['denyInboxId', 'denied', 'inboxId', 'inboxIds'],
] as const;

const actionsOf = (action: Fields): ConsentAction[] =>
  members
    .filter(([member]) => action.given(member))
    .map(([member, verdict, kind, names]) => ({ verdict, kind, names: action.fields(member).texts(names) }));

/** What allow and deny publish: one envelope a call, each later than the one before. */
const publish = async ({ in: given, out }: Vector): Promise<void> => {
  const identity = identityOf(given);
  const published = out.list('envelopes').map((entry) => new Fields(entry));
  const calls = given.list('calls') as [string, string[]][];
  same(calls.length, published.length, 'number of envelopes');
  let previousNs = 0n;
  for (const [index, [call, names]] of calls.entries()) {
    const expected = published[index] as Fields;
    const action: ConsentAction = { verdict: call === 'allow' ? 'allowed' : 'denied', kind: 'address', names };
    const envelope = await sealConsent(identity, action, previousNs, () => Number(given.long('nowMs')));
    same(envelope.contentTopic, expected.text('contentTopic'), 'contentTopic');
    same(envelope.timestampNs > previousNs && envelope.timestampNs >= expected.long('timestampNs'), true, 'times increase');
    for (const message of [envelope.message, expected.bytes('message')])
      sameBytes(await openFromSelf(identity, message), expected, 'plaintext');
    previousNs = envelope.timestampNs;
  }
};

/** The state after all envelopes; what does not decrypt is skipped. */
const fold = async ({ in: given, out }: Vector): Promise<void> => {
  const identity = identityOf(given);
  const contentTopic = given.text('topic');
  const entries = [];
  for (const envelope of given.list('envelopes').map((entry) => new Fields(entry))) {
    try {
      entries.push(
        await openConsent(identity, { contentTopic, timestampNs: envelope.long('timestampNs'), message: envelope.bytes('message') }),
      );
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
    }
  }
  const expected = Object.entries(out.raw('consent') as Record<string, string>);
  const lowered = expected.map(([key, verdict]) => [key.startsWith('address-') ? key.toLowerCase() : key, verdict]);
  same(Object.fromEntries(foldConsent(entries)), Object.fromEntries(lowered), 'consent');
};

export const preferences: readonly Check[] = [
  { needs: ['identityPrivateKey', 'message'], run: open },
  { needs: ['identityPrivateKey', 'calls', 'nowMs'], run: publish },
  { needs: ['identityPrivateKey', 'topic', 'envelopes'], run: fold },
  { needs: ['identityPrivateKey'], run: topic },
];
