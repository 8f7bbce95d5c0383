import { parseAddress } from '../../../src/protocol/address.ts';
import { fromHex } from '../../../src/protocol/bytes.ts';
import { readKeyBackup, sealKeyBackup } from '../../../src/protocol/key-backup.ts';
import { addressOfBundle, decodePrivateBundle, encodePrivateBundle, type PrivateBundle } from '../../../src/protocol/private-keys.ts';
import { privateStoreTopic } from '../../../src/protocol/topic.ts';
import { enableIdentityText, signText } from '../../../src/protocol/wallet-signature.ts';
import { type Check, Fields, mustRefuse, randomFrom, same, sameBytes, type Vector } from '../vector.ts';

/** Opens what a new client stored, and seals the same keys again, byte for byte. */
const openAndSeal = async ({ in: given, out }: Vector): Promise<void> => {
  const envelope = given.fields('envelope');
  const backup = readKeyBackup(envelope.bytes('message'));
  sameBytes(backup.walletPreKey, out, 'walletPreKey');
  const text = enableIdentityText(backup.walletPreKey);
  same(text, out.text('signatureText'), 'signatureText');
  const walletSignature = out.bytes('walletSignature');
  const address = parseAddress(out.text('address'));
  same(envelope.text('contentTopic'), privateStoreTopic(address), 'contentTopic');
  sameBytes(encodePrivateBundle(await backup.open(walletSignature, address)), out, 'privateKeyBundle');
  // Our own signature counts its last byte as 27 or 28, the stored one perhaps as 0 or 1: both have to open.
  await backup.open(signText(text, given.bytes('walletPrivateKey')), address);

  const random = randomFrom(out.bytes('hkdfSalt'), out.bytes('gcmNonce'));
  const keys = decodePrivateBundle(out.bytes('privateKeyBundle'));
  sameBytes(await sealKeyBackup(keys, backup.walletPreKey, walletSignature, random), envelope, 'message');
};

/** Loads from the entries of a private store: the newest one that is not empty, with the wallet's answer to its text. */
const load = async (vector: Vector): Promise<void> => {
  const { in: given, out } = vector;
  const loading = async (): Promise<PrivateBundle | undefined> => {
    const [newest] = given
      .list('envelopes')
      .map((entry) => new Fields(entry))
      .filter((entry) => entry.text('message') !== '')
      .sort((a, b) => Number(b.long('timestampNs') - a.long('timestampNs')));
    if (newest === undefined) return undefined;
    const backup = readKeyBackup(newest.bytes('message'));
    same(enableIdentityText(backup.walletPreKey), out.texts('signatureTexts')[0], 'signatureTexts');
    const [walletSignature] = given.texts('signaturesReturned');
    return backup.open(fromHex(walletSignature ?? ''), parseAddress(given.text('walletAddress')));
  };
  if (vector.refused) {
    if (given.list('envelopes').length > 0) await mustRefuse(loading);
    else same(await loading(), undefined, 'keys in an empty store');
    return;
  }
  const bundle = await loading();
  if (bundle === undefined) throw new Error('nothing was loaded');
  sameBytes(encodePrivateBundle(bundle), out, 'privateKeyBundle');
  same(addressOfBundle(bundle), out.text('address'), 'address');
};

export const encryptedKeyBundles: readonly Check[] = [
  { needs: ['walletPrivateKey', 'envelope'], run: openAndSeal },
  { needs: ['walletAddress', 'signaturesReturned', 'envelopes'], run: load },
];
