import { parseAddress } from '../../../src/protocol/address.ts';
import { toHex } from '../../../src/protocol/bytes.ts';
import { hmacSha256 } from '../../../src/protocol/hash.ts';
import { notificationKey } from '../../../src/protocol/message.ts';
import { notificationKeys } from '../../../src/protocol/notification-keys.ts';
import { type Check, Fields, same, sameBytes, type Vector } from '../vector.ts';

/** The keys of the periods before, at and after a time. */
const threeKeys = async ({ in: given, out }: Vector): Promise<void> => {
  const topic = given.text('topic');
  const conversations = new Map([[topic, given.bytes('keyMaterial')]]);
  const keys = await notificationKeys(conversations, parseAddress(given.text('ownAddress')), Number(given.long('nowMs')));
  const expected = out.list('keys').map((value) => new Fields(value));
  same(
    keys.get(topic)?.map(({ period, key }) => [period, toHex(key)]),
    expected.map((entry) => [entry.raw('thirtyDayPeriodsSinceEpoch'), entry.text('hmacKey')]),
    'keys',
  );
  same(keys.get(topic)?.[1]?.period, out.raw('period'), 'period');
};

/** Topics that nobody invited to have no keys, whatever else is known. */
const unknownTopics = async ({ in: given, out }: Vector): Promise<void> => {
  const known = new Map([['/xmtp/0/m-known/proto', new Uint8Array(32)]]);
  const keys = await notificationKeys(known, parseAddress(given.text('ownAddress')), 0, given.texts('topics'));
  same(Object.fromEntries(keys), out.raw('keys'), 'keys');
};

const senderHmac = async ({ in: given, out }: Vector): Promise<void> => {
  const sender = parseAddress(given.text('senderAddress'));
  const key = await notificationKey(given.bytes('keyMaterial'), sender, Number(given.long('nowMs')));
  sameBytes(hmacSha256(key, given.bytes('headerBytes')), out, 'senderHmac');
};

export const hmacKeys: readonly Check[] = [
  { needs: ['keyMaterial', 'ownAddress', 'topic', 'nowMs'], run: threeKeys },
  { needs: ['keyMaterial', 'senderAddress', 'nowMs', 'headerBytes'], run: senderHmac },
  { needs: ['ownAddress', 'topics'], run: unknownTopics },
];
