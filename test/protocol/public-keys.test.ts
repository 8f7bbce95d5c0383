import { clone, create, toBinary } from '@bufbuild/protobuf';
import { expect, test, vi } from 'vitest';
import {
  type SignedPublicKey,
  type SignedPublicKeyBundle,
  SignedPublicKeyBundleSchema,
  SignedPublicKeySchema,
  UnsignedPublicKeySchema,
} from '../../src/gen/xmtp/message_contents/public_key_pb.ts';
import { SignatureSchema } from '../../src/gen/xmtp/message_contents/signature_pb.ts';
import { concat, equalBytes, toHex } from '../../src/protocol/bytes.ts';
import { sha256 } from '../../src/protocol/hash.ts';
import { rotatePreKey } from '../../src/protocol/private-keys.ts';
import { readSignedKey, toLegacyBundle, toSignedBundle, verifyBundle } from '../../src/protocol/public-keys.ts';
import { publicPoint, sign } from '../../src/protocol/secp256k1.ts';
import { curve } from '../../src/protocol/secp256k1-engine.ts';
import { scriptCurve } from '../../src/protocol/secp256k1-script.ts';
import { createIdentityText, signText } from '../../src/protocol/wallet-signature.ts';
import { tryDecode } from '../../src/protocol/wire.ts';
import { useCurve } from '../support/curve.ts';
import { alice, bob } from '../support/people.ts';
import { refused } from './refused.ts';

const signed = alice.contact.signed;

/** A copy of Alice's bundle with something changed. */
function changed(change: (keys: { identityKey: SignedPublicKey; preKey: SignedPublicKey }) => void): SignedPublicKeyBundle {
  const bundle = clone(SignedPublicKeyBundleSchema, signed);
  const { identityKey, preKey } = bundle;
  if (!identityKey || !preKey) throw new Error('Alice has no keys');
  change({ identityKey, preKey });
  return bundle;
}

test('a bundle verifies in both formats, to the same keys and the same wallet', () => {
  const legacy = toLegacyBundle(signed);
  expect(verifyBundle(legacy)).toEqual(verifyBundle(signed));
  expect(verifyBundle(signed)).toMatchObject({ address: alice.address, preKeyCreatedMs: Date.UTC(2024, 0, 1) });
  expect(toBinary(SignedPublicKeyBundleSchema, toSignedBundle(legacy))).toEqual(toBinary(SignedPublicKeyBundleSchema, signed));
});

test('what verified once is remembered by its bytes, apart from the bytes that were handed in', () => {
  const later = rotatePreKey(alice.bundle, () => Date.UTC(2024, 2, 1)).preKeys[0].publicKey;
  const given = changed(({ preKey }) => Object.assign(preKey, later));
  const again = clone(SignedPublicKeyBundleSchema, given);
  const first = verifyBundle(given);
  const preKey = toHex(first.preKey);
  given.preKey?.keyBytes.fill(0);
  expect(verifyBundle(again)).toBe(first);
  expect(toHex(first.preKey)).toBe(preKey);
  expect(first.signed).toEqual(again);
});

test('a chain is verified once, and again for bytes that differ anywhere', () => {
  const recover = vi.spyOn(scriptCurve, 'recover');
  const bundle = changed(({ preKey }) => Object.assign(preKey, rotatePreKey(alice.bundle).preKeys[0].publicKey));
  const first = verifyBundle(bundle);
  expect(recover).toHaveBeenCalledTimes(1);
  for (let i = 0; i < 3; i++) verifyBundle(clone(SignedPublicKeyBundleSchema, bundle));
  expect(recover).toHaveBeenCalledTimes(1);
  const encoded = toBinary(SignedPublicKeyBundleSchema, bundle);
  let parsed = 0;
  for (let at = 0; at < encoded.length; at++) {
    const other = tryDecode(
      SignedPublicKeyBundleSchema,
      encoded.map((byte, i) => (i === at ? byte ^ 1 : byte)),
    );
    if (!other || equalBytes(toBinary(SignedPublicKeyBundleSchema, other), encoded)) continue;
    parsed += 1;
    let found: unknown = 'refused';
    try {
      found = verifyBundle(other);
    } catch {
      // what refuses has looked at it
    }
    // A recovery bit may differ where nobody looks at it; that chain is verified like any other.
    expect(found, `byte ${at}`).not.toBe(first);
  }
  expect(parsed).toBeGreaterThan(200);
  vi.restoreAllMocks();
});

test('a chain that failed is not remembered as one that holds, nor as one that fails', async () => {
  const verify = vi.spyOn(scriptCurve, 'verify');
  const bad = changed(({ preKey }) => Object.assign(preKey, bob.contact.signed.preKey));
  for (let i = 1; i <= 3; i++) {
    await refused('bad-signature', () => verifyBundle(bad));
    expect(verify).toHaveBeenCalledTimes(i);
  }
  vi.restoreAllMocks();
});

test('what is remembered is bounded, and what was used last stays', async () => {
  await useCurve('module');
  const recover = vi.spyOn(curve(), 'recover');
  const bundles = Array.from({ length: 4096 }, (_, i) =>
    changed(({ preKey }) => Object.assign(preKey, rotatePreKey(alice.bundle, () => Date.UTC(2025, 0, 1) + i).preKeys[0].publicKey)),
  );
  for (const bundle of bundles) verifyBundle(bundle);
  const [first, second] = bundles as [SignedPublicKeyBundle, SignedPublicKeyBundle];
  const before = recover.mock.calls.length;
  verifyBundle(first);
  expect(recover).toHaveBeenCalledTimes(before);
  verifyBundle(changed(({ preKey }) => Object.assign(preKey, rotatePreKey(alice.bundle).preKeys[0].publicKey)));
  verifyBundle(first);
  expect(recover).toHaveBeenCalledTimes(before + 1);
  verifyBundle(second);
  expect(recover).toHaveBeenCalledTimes(before + 2);
  vi.restoreAllMocks();
  await useCurve('noble');
});

test('a missing key or signature is refused', async () => {
  await refused('malformed', () => verifyBundle(create(SignedPublicKeyBundleSchema)));
  await refused('malformed', () => verifyBundle(create(SignedPublicKeyBundleSchema, { identityKey: signed.identityKey })));
  await refused('malformed', () => verifyBundle(create(SignedPublicKeyBundleSchema, { preKey: signed.preKey })));
  await refused('bad-signature', () => verifyBundle(changed(({ identityKey }) => delete identityKey.signature)));
  await refused('bad-signature', () => verifyBundle(changed(({ preKey }) => delete preKey.signature)));
});

test('each link of the chain must be made by the key above it', async () => {
  await refused('bad-signature', () => verifyBundle(changed(({ preKey }) => Object.assign(preKey, bob.contact.signed.preKey))));
  await refused('bad-signature', () => verifyBundle(changed(({ preKey }) => preKey.keyBytes.set([(preKey.keyBytes[1] as number) ^ 1], 1))));
});

test('a signature in the wrong member of the union does not count', async () => {
  const swap = (key: SignedPublicKey): void => {
    const { bytes = new Uint8Array(), recovery = 0 } = key.signature?.union.value ?? {};
    const member = key.signature?.union.case === 'ecdsaCompact' ? 'walletEcdsaCompact' : 'ecdsaCompact';
    key.signature = create(SignatureSchema, { union: { case: member, value: { bytes, recovery } } });
  };
  await refused('bad-signature', () => verifyBundle(changed(({ identityKey }) => swap(identityKey))));
  await refused('bad-signature', () => verifyBundle(changed(({ preKey }) => swap(preKey))));
});

test('a signature of the wrong size or with an unknown recovery bit is refused', async () => {
  await refused('bad-signature', () =>
    verifyBundle(changed(({ preKey }) => Object.assign(preKey.signature?.union.value ?? {}, { recovery: 2 }))),
  );
  await refused('bad-signature', () =>
    verifyBundle(changed(({ identityKey }) => Object.assign(identityKey.signature?.union.value ?? {}, { bytes: new Uint8Array(65) }))),
  );
});

test('a wrong recovery bit under the wallet signature leads to a stranger, never to the owner', () => {
  const other = changed(({ identityKey }) => {
    const value = identityKey.signature?.union.value as { recovery: number };
    value.recovery ^= 1;
  });
  expect(verifyBundle(other).address).not.toBe(alice.address);
});

test('a public key that is compressed or carries a load is refused', async () => {
  const compressed = toBinary(
    UnsignedPublicKeySchema,
    create(UnsignedPublicKeySchema, {
      createdNs: 1n,
      union: { case: 'secp256k1Uncompressed', value: { bytes: Uint8Array.of(2, ...alice.contact.preKey.subarray(1, 33)) } },
    }),
  );
  const loaded = concat(signed.preKey?.keyBytes ?? new Uint8Array(), Uint8Array.of(0x7a, 0xff, 0x01), new Uint8Array(255));
  const withPreKey = (keyBytes: Uint8Array) =>
    changed(({ preKey }) => {
      preKey.keyBytes = keyBytes;
      Object.assign(preKey.signature?.union.value ?? {}, sign(sha256(keyBytes), alice.bundle.identity.secret));
    });
  await refused('malformed', () => verifyBundle(withPreKey(compressed)));
  await refused('too-large', () => verifyBundle(withPreKey(loaded)));
  await refused('malformed', () => verifyBundle(withPreKey(Uint8Array.of(0xff))));
});

test('a key is read whatever its time is, and refused in any encoding but the canonical one', async () => {
  const point = alice.contact.identityKey;
  const read = (keyBytes: Uint8Array) => readSignedKey(create(SignedPublicKeySchema, { keyBytes }));
  const keyOf = (createdNs: bigint) =>
    toBinary(
      UnsignedPublicKeySchema,
      create(UnsignedPublicKeySchema, { createdNs, union: { case: 'secp256k1Uncompressed', value: { bytes: point } } }),
    );
  for (const createdNs of [0, 1, 7, 14, 21, 28, 29, 35, 42, 49, 56, 57, 63, 64].flatMap((bits) => [
    2n ** BigInt(bits) - 1n,
    2n ** BigInt(bits),
  ])) {
    if (createdNs >= 2n ** 64n) continue;
    const keyBytes = keyOf(createdNs);
    expect(read(keyBytes)).toEqual({ keyBytes, point, created: createdNs });
  }
  const [time, rest] = [keyOf(300n).subarray(1, 3), keyOf(300n).subarray(3)];
  const [first, second] = time as unknown as [number, number];
  for (const other of [
    [0x08, first, second | 128, 0, ...rest],
    [0x08, 0, ...rest],
    [0x08, 128, 0, ...rest],
    [0x08, first & 127, second, ...rest],
    [0x08, first, second | 128, ...rest],
    [0x08, first, second, 0x1a, 67, 0x0a, 64, ...rest.subarray(4)],
    [...rest, 0x08, first, second],
    [0x08, first, second, ...rest, 0x10, 1],
    [0x08, first, second, 0x1a, 69, ...rest.subarray(2), 0x10, 1],
    [0x08, first, second, 0x1a, 66, 0x0a, 64, ...rest.subarray(4, 68)],
  ])
    await refused('malformed', () => read(new Uint8Array(other)));
});

test('ages compare whatever the format: keys born in the signed format tell nanoseconds, converted ones milliseconds', async () => {
  const createdMs = Date.UTC(2024, 5, 1);
  const keyBytes = (point: Uint8Array): Uint8Array =>
    toBinary(
      UnsignedPublicKeySchema,
      create(UnsignedPublicKeySchema, {
        createdNs: BigInt(createdMs) * 1_000_000n,
        union: { case: 'secp256k1Uncompressed', value: { bytes: point } },
      }),
    );
  const identitySecret = sha256(alice.walletKey);
  const identity = keyBytes(publicPoint(identitySecret));
  const pre = keyBytes(publicPoint(sha256(identitySecret)));
  const wallet = signText(createIdentityText(identity), alice.walletKey);
  const native = create(SignedPublicKeyBundleSchema, {
    identityKey: {
      keyBytes: identity,
      signature: {
        union: { case: 'walletEcdsaCompact', value: { bytes: wallet.slice(0, 64), recovery: (wallet[64] as number) - 27 } },
      },
    },
    preKey: { keyBytes: pre, signature: { union: { case: 'ecdsaCompact', value: { ...sign(sha256(pre), identitySecret) } } } },
  });
  const verified = verifyBundle(native);
  expect(verified).toMatchObject({ address: alice.address, preKeyCreatedMs: createdMs });
  expect(verified.legacy).toBeUndefined();
  expect(verified.preKeyCreatedMs).toBeGreaterThan(alice.contact.preKeyCreatedMs);
  await refused('unsupported', () => toLegacyBundle(native));
});

test('a rotated pre-key is newer than the one before, which is how a roll-back shows', () => {
  const later = rotatePreKey(alice.bundle, () => Date.UTC(2024, 1, 1)).preKeys[0].publicKey;
  const rotated = verifyBundle(changed(({ preKey }) => Object.assign(preKey, later)));
  expect(rotated.identityKey).toEqual(alice.contact.identityKey);
  expect(rotated.preKeyCreatedMs).toBeGreaterThan(alice.contact.preKeyCreatedMs);
});
