import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { type Ciphertext, CiphertextSchema } from '../../src/gen/xmtp/message_contents/ciphertext_pb.ts';
import { aesGcmOpen, aesGcmSeal, checkCiphertext, hkdf, importAesKey, openAead, sealAead } from '../../src/protocol/aead.ts';
import { fromHex, randomBytes, toHex, utf8 } from '../../src/protocol/bytes.ts';
import { fc } from '../support/fast-check.ts';
import { refused } from './refused.ts';

const bytes = fc.uint8Array({ maxLength: 300 });

/** The same ciphertext with some parts replaced. */
function withParts(sealed: Ciphertext, parts: Partial<ReturnType<typeof checkCiphertext>>): Ciphertext {
  const { hkdfSalt, gcmNonce, payload } = { ...checkCiphertext(sealed), ...parts };
  return create(CiphertextSchema, { union: { case: 'aes256GcmHkdfSha256', value: { hkdfSalt, gcmNonce, payload } } });
}

const flipped = (data: Uint8Array, at: number): Uint8Array => data.map((byte, i) => (i === at ? byte ^ 1 : byte));

test('what is sealed opens with the same secret and additional data', async () => {
  await fc.assert(
    fc.asyncProperty(bytes, bytes, bytes, async (secret, plaintext, additionalData) => {
      expect(await openAead(secret, await sealAead(secret, plaintext, additionalData), additionalData)).toEqual(plaintext);
    }),
    { numRuns: 30 },
  );
});

test('salt and nonce are fresh each time', async () => {
  const [a, b] = await Promise.all([sealAead(utf8('s'), utf8('p')), sealAead(utf8('s'), utf8('p'))]);
  expect(toHex(checkCiphertext(a).hkdfSalt)).not.toBe(toHex(checkCiphertext(b).hkdfSalt));
  expect(toHex(checkCiphertext(a).gcmNonce)).not.toBe(toHex(checkCiphertext(b).gcmNonce));
});

test('one changed bit anywhere is refused', async () => {
  const secret = randomBytes(195);
  const data = utf8('header');
  const sealed = await sealAead(secret, utf8('text'), data);
  const { hkdfSalt, gcmNonce, payload } = checkCiphertext(sealed);
  await refused('cannot-decrypt', () => openAead(flipped(secret, 100), sealed, data));
  await refused('cannot-decrypt', () => openAead(secret, sealed, flipped(data, 0)));
  await refused('cannot-decrypt', () => openAead(secret, sealed));
  await refused('cannot-decrypt', () => openAead(secret, withParts(sealed, { hkdfSalt: flipped(hkdfSalt, 31) }), data));
  await refused('cannot-decrypt', () => openAead(secret, withParts(sealed, { gcmNonce: flipped(gcmNonce, 0) }), data));
  for (let at = 0; at < payload.length; at++)
    await refused('cannot-decrypt', () => openAead(secret, withParts(sealed, { payload: flipped(payload, at) }), data));
});

test('a salt, a nonce or a payload of the wrong size is refused before any work', async () => {
  const sealed = await sealAead(utf8('s'), utf8('p'));
  for (const parts of [
    { hkdfSalt: randomBytes(31) },
    { hkdfSalt: randomBytes(0) },
    { gcmNonce: randomBytes(16) },
    { payload: randomBytes(15) },
  ])
    await refused('malformed', () => openAead(utf8('s'), withParts(sealed, parts)));
  await refused('malformed', () => openAead(utf8('s'), create(CiphertextSchema)));
  await refused('malformed', () => checkCiphertext(undefined));
});

test('HKDF gives the first answer of RFC 5869', async () => {
  const okm = await hkdf(new Uint8Array(22).fill(0x0b), fromHex('000102030405060708090a0b0c'), fromHex('f0f1f2f3f4f5f6f7f8f9'), 42);
  expect(toHex(okm)).toBe('3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865');
});

test('plain AES-GCM gives a known answer of NIST, with a raw and with an imported key', async () => {
  const key = fromHex('feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308');
  const nonce = fromHex('cafebabefacedbaddecaf888');
  const plaintext = fromHex(
    'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39',
  );
  const data = fromHex('feedfacedeadbeeffeedfacedeadbeefabaddad2');
  const sealed =
    '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662' +
    '76fc6ece0f4e1768cddf8853bb2d551b';
  expect(toHex(await aesGcmSeal(key, nonce, plaintext, data))).toBe(sealed);
  expect(await aesGcmOpen(await importAesKey(key), nonce, fromHex(sealed), data)).toEqual(plaintext);
  await refused('cannot-decrypt', () => aesGcmOpen(key, nonce, fromHex(sealed)));
  await refused('cannot-decrypt', () => aesGcmOpen(key, nonce, fromHex('00')));
});
