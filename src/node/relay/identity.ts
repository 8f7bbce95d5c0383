import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StoreError } from '../store/store.ts';

/** The key by which other nodes know this one: on the wire and under its vouchers. */
export interface RelayIdentity {
  /** As libp2p writes it, `12D3KooW…`. */
  readonly peerId: string;
  /** Ed25519; 32 bytes. */
  readonly publicKey: Uint8Array;
  /** Ed25519; seed and public key, 64 bytes, as libp2p takes it. */
  readonly privateKey: Uint8Array;
  /** 64 bytes. */
  sign(bytes: Uint8Array): Uint8Array;
}

/** The identity in a data directory, made at the first time; in memory a new one each time. @throws StoreError when the file is damaged */
export function openIdentity(data: string): RelayIdentity {
  if (data === ':memory:') return identityOf(generateKeyPairSync('ed25519').privateKey);
  const path = join(data, 'relay.key');
  if (existsSync(path)) {
    try {
      return identityOf(createPrivateKey(readFileSync(path)));
    } catch (cause) {
      throw new StoreError(`${path} holds no Ed25519 key. With another key the node is another one to its peers: restore the file.`, {
        cause,
      });
    }
  }
  const { privateKey } = generateKeyPairSync('ed25519');
  mkdirSync(data, { recursive: true, mode: 0o700 });
  writeFileSync(path, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flag: 'wx' });
  return identityOf(privateKey);
}

function identityOf(key: KeyObject): RelayIdentity {
  const { d = '', x = '', crv } = key.export({ format: 'jwk' });
  if (crv !== 'Ed25519') throw new TypeError('not an Ed25519 key');
  const [seed, publicKey] = [Buffer.from(d, 'base64url'), Buffer.from(x, 'base64url')];
  return {
    peerId: peerIdOf(publicKey),
    publicKey,
    privateKey: Buffer.concat([seed, publicKey]),
    sign: (bytes) => sign(null, bytes, key),
  };
}

/** Whether the owner of an Ed25519 key signed these bytes. */
export function isSignedBy(publicKey: Uint8Array, bytes: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  const x = Buffer.from(publicKey).toString('base64url');
  try {
    let key = keys.get(x);
    if (!key) {
      key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
      if (keys.size < maxKeys) keys.set(x, key);
    }
    return verify(null, bytes, key, signature);
  } catch {
    return false;
  }
}

/** Keys as the library wants them; only those of trusted homes are asked for, which are few. */
const keys = new Map<string, KeyObject>();
const maxKeys = 1000;

/** An identity multihash of the key in libp2p's protobuf. */
const peerIdPrefix = Uint8Array.of(0x00, 0x24, 0x08, 0x01, 0x12, 0x20);
const digits = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

/** The peer id of an Ed25519 key: base58 of a prefix and the key itself. */
export function peerIdOf(publicKey: Uint8Array): string {
  let number = BigInt(`0x${Buffer.concat([peerIdPrefix, publicKey]).toString('hex')}`);
  let text = '';
  for (; number > 0n; number /= 58n) text = (digits[Number(number % 58n)] as string) + text;
  return `1${text}`; // for the zero byte at the front
}

/** The Ed25519 key in a peer id, 32 bytes; null for ids of other kinds. */
export function publicKeyOf(peerId: string): Uint8Array | null {
  if (!/^1[1-9A-HJ-NP-Za-km-z]{40,60}$/.test(peerId)) return null;
  let number = 0n;
  for (const digit of peerId) number = number * 58n + BigInt(digits.indexOf(digit));
  const bytes = Buffer.from(number.toString(16).padStart(76, '0'), 'hex');
  return bytes.length === 38 && bytes.subarray(0, 6).equals(peerIdPrefix) ? bytes.subarray(6) : null;
}
