import { parseAddress } from '../../../src/protocol/address.ts';
import { toHex } from '../../../src/protocol/bytes.ts';
import { localStorageKeys, openLocalValue, sealLocalValue } from '../../../src/protocol/local-persistence.ts';
import { publicPoint } from '../../../src/protocol/secp256k1.ts';
import { type Check, mustRefuse, same, sameBytes, type Vector } from '../vector.ts';

/** Opens a stored value, and what we seal ourselves; the ephemeral key is not told, so that the bytes cannot be made again. */
const open = async (vector: Vector): Promise<void> => {
  const { in: given, out } = vector;
  const secret = given.bytes('identityPrivateKey');
  const identity = { secret, point: publicPoint(secret) };
  const opening = () => openLocalValue(identity, given.bytes('stored'));
  if (vector.refused) {
    await mustRefuse(opening);
    return;
  }
  const value = await opening();
  sameBytes(value, out, 'plaintext');
  const again = await sealLocalValue(identity, value);
  same(Math.abs(again.length - given.bytes('stored').length) <= 2, true, 'length of the value sealed again');
  same(toHex(await openLocalValue(identity, again)), toHex(value), 'value sealed again');
};

/** Every key that the storage holds is one that we look for. */
const keys = ({ in: given, out }: Vector): void => {
  const { conversations, legacyConversations, preferences, refreshJob, revisionOf } = localStorageKeys(
    given.text('env') as 'local' | 'dev' | 'production',
    parseAddress(given.text('address')),
  );
  const maps = [conversations, legacyConversations, preferences].filter((key) => out.texts('keys').includes(key));
  const all = [...maps.flatMap((key) => [key, revisionOf(key)]), refreshJob(1), refreshJob(2), refreshJob(3)];
  same(all.sort(), [...out.texts('keys')].sort(), 'keys');
  same(
    [conversations, preferences].every((key) => maps.includes(key)),
    true,
    'keys of conversations and preferences',
  );
};

export const localPersistence: readonly Check[] = [
  { needs: ['identityPrivateKey', 'stored'], run: open },
  { needs: ['env', 'address'], run: keys },
];
