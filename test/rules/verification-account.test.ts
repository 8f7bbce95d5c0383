import { fromBinary } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AuthDataSchema, TokenSchema } from '../../src/gen/xmtp/message_api/v1/authn_pb.ts';
import { type RunningNode, startNode } from '../../src/node/start-node.ts';
import { parseAddress } from '../../src/protocol/address.ts';
import { equalBytes, fromBase64, fromHex, randomBytes, toHex, utf8 } from '../../src/protocol/bytes.ts';
import { addSightings, consentKey, foldConsent, openConsent, sealConsent } from '../../src/protocol/consent.ts';
import { consentProof, consentProofText, verifyConsentProof } from '../../src/protocol/consent-proof.ts';
import { encodeContact } from '../../src/protocol/contact-bundle.ts';
import type { Envelope } from '../../src/protocol/envelope.ts';
import { readKeyBackup, sealKeyBackup } from '../../src/protocol/key-backup.ts';
import { draftIdentity, finishIdentity, publicBundle, rotatePreKey } from '../../src/protocol/private-keys.ts';
import { nsToMs } from '../../src/protocol/time.ts';
import { contactTopic, privateStoreTopic } from '../../src/protocol/topic.ts';
import { enableIdentityText, signText } from '../../src/protocol/wallet-signature.ts';
import {
  bringWallet,
  conversationWith,
  Device,
  newPerson,
  type Person,
  passphrase,
  type StartOptions,
  texts,
  until,
} from '../background/device.ts';
import { refused } from '../protocol/refused.ts';
import { clientOf, envelope, invite, keysFromBackup, nowNs } from '../support/hands.ts';
import { alice, bob, carol, person } from '../support/people.ts';

/** Our rules of verification that are about accounts: contacts, backups, consent, tokens; see README.md. */

let node: RunningNode;
let devices: Device[];
beforeEach(async () => {
  node = await startNode({ compat: true });
  devices = [];
});
afterEach(async () => {
  for (const device of devices) await device.close();
  await node.close();
});

const newPersonHere = async (options?: StartOptions): Promise<Person> => {
  const someone = await newPerson(node.url, options);
  devices.push(someone.device);
  return someone;
};

describe('an account', () => {
  it('V10: the first identity of a wallet stays until a person takes another; its newest pre-key counts', async () => {
    const { life } = await newPersonHere();
    const { conversations, messages } = life.services;
    const rotated = { ...carol, bundle: rotatePreKey(carol.bundle) };
    const renewed = person(carol.name, Date.now() + 1000); // the same wallet
    const topic = contactTopic(carol.address);
    let at = nowNs();
    const publish = (...entries: Uint8Array[]) => clientOf(node.url, carol).publish(entries.map((entry) => envelope(topic, entry, ++at)));
    const lookUp = () => conversations.lookUp(carol.address);
    await publish(encodeContact(carol.contact, 2), utf8('xyz'), encodeContact(publicBundle(rotated.bundle), 2), randomBytes(99));
    expect(await lookUp()).toMatchObject({ state: 'reachable', warning: null });

    // An invitation by another identity of the wallet.
    await invite(node.url, renewed, (await life.services.accounts.status()).account?.address ?? '');
    const row = await conversationWith(life, carol.address);
    expect(row.otherKeys).toBe(true);
    expect(await lookUp()).toMatchObject({ warning: 'other-keys' });
    await expect(messages.send(row.id, 'to whom?', 'a')).rejects.toMatchObject({ reason: 'other-keys' });
    // To begin a conversation is to begin it with the identity that is known.
    const known = await conversations.start(carol.address);
    expect(known.id).not.toBe(row.id);
    await expect(messages.send(known.id, 'to whom?', 'c')).rejects.toMatchObject({ reason: 'other-keys' });
    await publish(encodeContact(renewed.contact, 2));
    await conversations.acceptKeys(carol.address);
    expect(await lookUp()).toMatchObject({ warning: null, conversation: row.id });
    expect((await messages.send(row.id, 'to you', 'b')).state).not.toBe('failed');
    await expect(messages.send(known.id, 'to the old keys', 'd')).rejects.toMatchObject({ reason: 'other-keys' });
    expect(await conversations.get(known.id)).toMatchObject({ otherKeys: false, retired: true });
  });

  it('V13: every backup is tried; where none opens no keys are made, and nothing is published that was not opened again', async () => {
    const first = await newPersonHere();
    const owner = parseAddress(first.address);
    const { privateKey } = await first.life.services.accounts.revealPhrase(passphrase);
    const topic = privateStoreTopic(owner);
    // Noise on top of it.
    const walletPreKey = randomBytes(32);
    const foreign = await sealKeyBackup(carol.bundle, walletPreKey, signText(enableIdentityText(walletPreKey), carol.walletKey));
    const noise = [utf8('xyz'), randomBytes(300), foreign].map((bytes, index) => envelope(topic, bytes, nowNs() + BigInt(index + 1)));
    const bundle = await keysFromBackup(node.url, first.address, privateKey); // only the owner gets it there past a node
    await clientOf(node.url, { bundle }).publish(noise);
    const second = new Device({ apart: true });
    devices.push(second);
    const life = await second.start();
    expect(await bringWallet(life, privateKey, passphrase, node.url)).toMatchObject({ restored: true });

    // A node that has nothing but the noise, and one that has the contact alone.
    const other = await startNode({ compat: true });
    try {
      await clientOf(other.url, { bundle }).publish(noise);
      const third = new Device({ apart: true });
      devices.push(third);
      const life = await third.start();
      await expect(bringWallet(life, privateKey, passphrase, other.url)).rejects.toMatchObject({ reason: 'backup-closed' });
      expect((await life.services.accounts.status()).phase).toBe('welcome');
    } finally {
      await other.close();
    }
    const withheld: typeof fetch = async (input, init) => {
      const body = new Uint8Array(await new Response(init?.body ?? null).arrayBuffer());
      if (/\/Query$/.test(String(input)) && Buffer.from(body).includes('privatestore')) return fetch(input, { ...init, body: emptyQuery });
      return fetch(input, init);
    };
    const fourth = new Device({ apart: true });
    devices.push(fourth);
    await expect(bringWallet(await fourth.start({ fetch: withheld }), privateKey, passphrase, node.url)).rejects.toMatchObject({
      reason: 'keys-elsewhere',
    });

    // A wallet whose signature is not its own makes neither an identity nor a backup.
    const { draft, text } = draftIdentity();
    await refused('wrong-sender', () => finishIdentity(draft, signText(text, carol.walletKey), alice.address));
    await refused('wrong-sender', () => sealKeyBackup(alice.bundle, walletPreKey, signText('something else', alice.walletKey)));
    // On top lies one that opens: the second device saw to that.
    await until(async () => {
      const { envelopes } = await clientOf(node.url, carol).query({ topics: [topic], direction: 'descending' });
      const newest = envelopes[0]?.message ?? new Uint8Array(0);
      const wallet = fromHex(privateKey.replace(/^0x/, ''));
      const backup = newest.length > 0 && !noise.some(({ message }) => equalBytes(message, newest)) ? readKeyBackup(newest) : null;
      return backup && (await backup.open(signText(enableIdentityText(backup.walletPreKey), wallet), owner)).preKeys.length === 1;
    }, 'a backup that opens');
  });

  it('V14: a local choice wins, a ciphertext counts once, a denial wins a tie, and a proof says who and when', async () => {
    const { identity } = alice.bundle;
    const names = [bob.address];
    const at = (entry: Envelope, timestampNs: bigint): Envelope => ({ ...entry, timestampNs });
    const seal = (verdict: 'allowed' | 'denied') => sealConsent(identity, { verdict, kind: 'address', names });
    const [allow, deny] = [await seal('allowed'), await seal('denied')];
    const read = (...entries: Envelope[]) => Promise.all(entries.map((entry) => openConsent(identity, entry)));
    const key = consentKey('address', bob.address);
    const fold = async (...entries: Envelope[]) => foldConsent(addSightings([], await read(...entries))).get(key);
    expect(await fold(at(allow, 1n), at(deny, 2n))).toBe('denied');
    expect(await fold(at(deny, 1n), at(allow, 2n))).toBe('allowed');
    expect(await fold(at(allow, 1n), at(deny, 2n), at(allow, 3n))).toBe('denied');
    // Whichever of the two comes first by its digest, which is chance.
    for (let tie = 0; tie < 12; tie++) expect(await fold(at(await seal('allowed'), 1n), at(await seal('denied'), 1n))).toBe('denied');
    const seen = await read(at(deny, 2n), at(allow, 1n));
    expect(foldConsent(addSightings(seen, await read(at(allow, 9n)))).get(key)).toBe('denied');
    expect(foldConsent(seen, new Map([[key, 'allowed' as const]])).get(key)).toBe('allowed');
    const now = Date.UTC(2025, 0, 1);
    const proof = consentProof(signText(consentProofText(alice.address, now), bob.walletKey), now);
    const verified = verifyConsentProof(proof, { sender: alice.address, receiver: bob.address }, () => now + 1);
    expect(verified).toMatchObject({ sender: alice.address, signedMs: now });
    const again = verifyConsentProof(proof, { sender: alice.address, receiver: bob.address }, () => now + 2);
    expect(again.id).toBe(verified.id);
  });

  it('V21: a token is for now, by the node’s clock within ten minutes, is used for less than an hour, and is kept in memory alone', async () => {
    let aheadMs = 0;
    let now = Date.now();
    const tokens: string[] = [];
    const skewed: typeof fetch = async (input, init) => {
      const token = new Headers(init?.headers).get('authorization');
      if (token) tokens.push(token.replace(/^Bearer /, ''));
      const response = await fetch(input, init);
      const headers = new Headers(response.headers);
      headers.set('date', new Date(Date.now() + aheadMs).toUTCString());
      return new Response(response.body, { status: response.status, headers });
    };
    const made = (token = ''): number => {
      const { createdNs } = fromBinary(AuthDataSchema, fromBinary(TokenSchema, fromBase64(token)).authDataBytes);
      return nsToMs(createdNs);
    };
    const friend = await newPersonHere();
    let { device, life } = await newPersonHere({ fetch: skewed, clock: () => now });
    expect(Math.abs(made(tokens[0]) - now)).toBeLessThan(5_000);
    const { id } = await life.services.conversations.start(friend.address);
    const send = async (text: string): Promise<string> => {
      const before = tokens.length;
      const sent = await life.services.messages.send(id, text, text);
      await until(() => tokens.length > before, 'the publication');
      // What is left over is sent by the next life before anything was answered.
      await life.services.messages.settled(sent.id, 30_000);
      return tokens.at(-1) ?? '';
    };
    expect(await send('one')).toBe(tokens[0]);
    now += 56 * 60_000;
    const second = await send('two');
    expect(made(second)).toBeGreaterThan(made(tokens[0]) + 50 * 60_000);
    // A node whose clock is two hours ahead is followed for ten minutes and no further.
    aheadMs = 2 * 3_600_000;
    life.kill();
    life = await device.start({ fetch: skewed, clock: () => now });
    await life.resume();
    await until(async () => (await life.services.accounts.status()).node.state === 'clock', 'an answer of the node');
    await until(async () => (await texts(life, id)).length === 2, 'the conversation');
    const third = await send('three');
    expect(third).not.toBe(second);
    expect(made(third) - now).toBeLessThanOrEqual(10 * 60_000 + 1000);
    expect(made(third) - now).toBeGreaterThan(9 * 60_000);
    const kept = JSON.stringify([...(await storedBytes())]);
    for (const token of tokens) expect(kept).not.toContain(toHex(fromBase64(token)).slice(-64));
  });
});

/** A QueryRequest for a topic on which nobody has ever published anything. */
const emptyQuery = (() => {
  const topic = utf8('/xmtp/0/privatestore-0x0000000000000000000000000000000000000000/key_bundle/proto');
  const body = Uint8Array.from([10, topic.length, ...topic]);
  return Uint8Array.from([0, 0, 0, 0, body.length, ...body]);
})();

/** Everything in every database, as hex. */
async function storedBytes(): Promise<string[]> {
  const all: string[] = [];
  for (const { name } of await indexedDB.databases()) {
    const db = await new Promise<IDBDatabase>((resolve, reject) => {
      const request = indexedDB.open(name ?? '');
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    for (const store of db.objectStoreNames) {
      const rows = await new Promise<unknown[]>((resolve, reject) => {
        const request = db.transaction(store).objectStore(store).getAll();
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
      all.push(
        JSON.stringify(rows, (_, value) =>
          value instanceof Uint8Array ? toHex(value) : typeof value === 'bigint' ? String(value) : value,
        ),
      );
    }
    db.close();
  }
  return all;
}
