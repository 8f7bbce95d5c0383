import type { Address } from '../../src/protocol/address.ts';
import { addressOf } from '../../src/protocol/address.ts';
import { utf8 } from '../../src/protocol/bytes.ts';
import { sha256 } from '../../src/protocol/hash.ts';
import { draftIdentity, finishIdentity, type PrivateBundle, publicBundle } from '../../src/protocol/private-keys.ts';
import type { VerifiedBundle } from '../../src/protocol/public-keys.ts';
import { publicPoint } from '../../src/protocol/secp256k1.ts';
import { signText } from '../../src/protocol/wallet-signature.ts';

export interface Person {
  readonly name: string;
  readonly address: Address;
  readonly walletKey: Uint8Array;
  readonly bundle: PrivateBundle;
  readonly contact: VerifiedBundle;
}

/** Somebody with a wallet and an identity; the same name and time give the same keys. */
export function person(name: string, createdMs = Date.UTC(2024, 0, 1)): Person {
  const walletKey = sha256(utf8(`wallet of ${name}`));
  const address = addressOf(publicPoint(walletKey));
  let count = 0;
  const random = (length: number): Uint8Array<ArrayBuffer> => sha256(utf8(`${name} ${createdMs} ${count++}`)).slice(0, length);
  const clock = (): number => createdMs;
  const { draft, text } = draftIdentity(clock, random);
  const bundle = finishIdentity(draft, signText(text, walletKey), address, clock, random);
  return { name, address, walletKey, bundle, contact: publicBundle(bundle) };
}

export const alice = person('Alice');
export const bob = person('Bob');
export const carol = person('Carol');
