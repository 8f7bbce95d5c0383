import { parseAddress } from '../../../src/protocol/address.ts';
import { toHex } from '../../../src/protocol/bytes.ts';
import { hmacSha256 } from '../../../src/protocol/hash.ts';
import { notificationKey } from '../../../src/protocol/message.ts';
import { type Check, Fields, same, sameBytes, type Vector } from '../vector.ts';

const periodMs = 30n * 24n * 3_600_000n;

/** The keys of the periods before, at and after a time. */
const threeKeys = async ({ in: given, out }: Vector): Promise<void> => {
  const nowMs = given.long('nowMs');
  same(Number(nowMs / periodMs), out.raw('period'), 'period');
  for (const entry of out.list('keys').map((value) => new Fields(value))) {
    const period = entry.raw('thirtyDayPeriodsSinceEpoch') as number;
    const within = Number(BigInt(period) * periodMs + (nowMs % periodMs));
    const key = await notificationKey(given.bytes('keyMaterial'), parseAddress(given.text('ownAddress')), within);
    same(toHex(key), entry.text('hmacKey'), `key of period ${period}`);
  }
};

const senderHmac = async ({ in: given, out }: Vector): Promise<void> => {
  const sender = parseAddress(given.text('senderAddress'));
  const key = await notificationKey(given.bytes('keyMaterial'), sender, Number(given.long('nowMs')));
  sameBytes(hmacSha256(key, given.bytes('headerBytes')), out, 'senderHmac');
};

export const hmacKeys: readonly Check[] = [
  { needs: ['keyMaterial', 'ownAddress', 'nowMs'], run: threeKeys },
  { needs: ['keyMaterial', 'senderAddress', 'nowMs', 'headerBytes'], run: senderHmac },
];
