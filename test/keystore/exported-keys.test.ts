import { expect, test } from 'vitest';
import { KeystoreError } from '../../src/keystore/errors.ts';
import { readExportedKeys } from '../../src/keystore/exported-keys.ts';
import { toBase64, toHex, utf8 } from '../../src/protocol/bytes.ts';
import { encodeContact } from '../../src/protocol/contact-bundle.ts';
import { encodePrivateBundle } from '../../src/protocol/private-keys.ts';
import { alice, bob } from '../support/people.ts';

const bytes = encodePrivateBundle(alice.bundle);

const fault = (given: Uint8Array): string => {
  try {
    readExportedKeys(given);
  } catch (error) {
    if (error instanceof KeystoreError) return `${error.reason}: ${error.message}`;
    throw error;
  }
  return 'no error';
};

test.each<[string, string]>([
  ['hex', toHex(bytes)],
  ['hex with 0x in lines', `0x${toHex(bytes).toUpperCase()}`.replace(/(.{64})/g, '$1\n')],
  ['base64', toBase64(bytes)],
  ['base64 in lines', toBase64(bytes).replace(/(.{76})/g, '$1\r\n')],
  ['base64 for addresses, without its end', toBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')],
  ['a JSON array', JSON.stringify([...bytes])],
  ['a JSON object by index', JSON.stringify({ ...bytes })],
  ['a Buffer as JSON', JSON.stringify(Buffer.from(bytes))],
  ['a JSON text of base64', JSON.stringify(toBase64(bytes))],
  ['a value of localStorage, one character for each byte', Buffer.from(bytes).toString('latin1')],
])('reads keys as %s', (_, text) => {
  expect(encodePrivateBundle(readExportedKeys(utf8(text)))).toEqual(bytes);
});

test('reads the bytes themselves', () => {
  expect(encodePrivateBundle(readExportedKeys(bytes))).toEqual(bytes);
});

test('says what is wrong, and takes nothing that does not hold together', () => {
  for (const text of ['', 'hello', '[]', '{}', '[256]', '[1.5]', 'null', '0x', '12'])
    expect(fault(utf8(text)), text).toBe('bad-bundle: not a private key bundle');
  expect(fault(encodeContact(alice.contact, 2))).toMatch(/^bad-bundle/);
  // Bob's pre-key beside Alice's identity key.
  const mixed = encodePrivateBundle({ identity: alice.bundle.identity, preKeys: bob.bundle.preKeys });
  expect(fault(mixed)).toBe('bad-bundle: a pre-key is not signed by the identity key');
  const swapped = { ...alice.bundle.identity, secret: bob.bundle.identity.secret };
  expect(fault(encodePrivateBundle({ ...alice.bundle, identity: swapped }))).toBe(
    'bad-bundle: a private key does not match its public key',
  );
});
