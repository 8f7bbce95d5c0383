import { parseAddress } from '../../../src/protocol/address.ts';
import {
  contactTopic,
  conversationTopic,
  directTopic,
  ephemeralTopic,
  introTopic,
  inviteTopic,
  isValidTopic,
  ordinaryTopic,
  parseTopic,
  privateStoreTopic,
} from '../../../src/protocol/topic.ts';
import { type Check, mustRefuse, same, type Vector } from '../vector.ts';

/** The topics of one person, for any spelling of the address that is taken. */
const ofAddress = async (vector: Vector): Promise<void> => {
  const { in: given, out } = vector;
  if (vector.refused) {
    await mustRefuse(() => parseAddress(given.text('address')));
    return;
  }
  const address = parseAddress(given.text('address'));
  for (const [kind, topic] of [
    ['contact', contactTopic(address)],
    ['intro', introTopic(address)],
    ['invite', inviteTopic(address)],
  ] as const) {
    same(topic, out.text(kind), kind);
    same(parseTopic(topic), { kind, name: address, address }, `${kind} topic taken apart`);
  }
};

const privateStore = ({ in: given, out }: Vector): void => {
  const address = parseAddress(given.text('address'));
  const topic = privateStoreTopic(address);
  same(topic, out.text('topic'), 'topic');
  same(parseTopic(topic), { kind: 'privatestore', name: `${address}/${given.text('name')}`, address }, 'topic taken apart');
};

/** Nothing writes preferences yet, so the topic is only taken apart. */
const preferences = ({ in: given, out }: Vector): void => {
  same(parseTopic(out.text('topic')), { kind: 'userpreferences', name: given.text('identifier') }, 'topic taken apart');
};

const conversation = ({ in: given, out }: Vector): void => {
  const topic = conversationTopic(given.text('name'));
  same(topic, out.text('topic'), 'topic');
  same(parseTopic(topic), { kind: 'm', name: given.text('name') }, 'topic taken apart');
  ephemeral(topic, out.text('ephemeral'));
};

const direct = ({ in: given, out }: Vector): void => {
  const topic = directTopic(parseAddress(given.text('a')), parseAddress(given.text('b')));
  same(topic, out.text('topic'), 'topic');
  ephemeral(topic, out.text('ephemeral'));
};

const ephemeral = (topic: string, expected: string): void => {
  same(ephemeralTopic(topic), expected, 'ephemeral');
  same(ordinaryTopic(expected), topic, 'the ordinary topic again');
};

const validity = ({ in: given, out }: Vector): void => same(isValidTopic(given.text('topic')), out.flag('valid'), 'valid');

export const topics: readonly Check[] = [
  { needs: ['address', 'name'], run: privateStore },
  { needs: ['address'], run: ofAddress },
  { needs: ['identifier'], run: preferences },
  { needs: ['name'], run: conversation },
  { needs: ['a', 'b'], run: direct },
  { needs: ['topic'], run: validity },
];
