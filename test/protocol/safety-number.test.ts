import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { fingerprint, type SafetyParty, safetyNumber } from '../../src/protocol/safety-number.ts';
import { alice, bob, carol, person } from '../support/people.ts';

const party = ({ address, contact }: typeof alice): SafetyParty => ({ address, identityKey: contact.identityKey });

/** The same rule, written a second time: hex and whole numbers where the other has bytes and remainders, and Node's own hash. */
function byRule(one: SafetyParty, other: SafetyParty): string {
  const half = ({ address, identityKey }: SafetyParty): string => {
    const key = Buffer.from(identityKey).toString('hex');
    let text = `0000${key}${address.slice(2).toLowerCase()}`;
    for (let left = 5200; left > 0; left--)
      text = createHash('sha512')
        .update(Buffer.from(`${text}${key}`, 'hex'))
        .digest('hex');
    let digits = '';
    for (const [chunk] of text.slice(0, 60).matchAll(/.{10}/g)) digits += (BigInt(`0x${chunk}`) % 100000n).toString().padStart(5, '0');
    return digits;
  };
  const [a, b] = [half(one), half(other)];
  return BigInt(a) < BigInt(b) ? a + b : b + a;
}

describe('a safety number', () => {
  it('is sixty digits, the same from both ends', async () => {
    const number = await safetyNumber(party(alice), party(bob));
    expect(number).toMatch(/^\d{60}$/);
    expect(await safetyNumber(party(bob), party(alice))).toBe(number);
  });

  it.each([
    ['Alice and Bob', alice, bob],
    ['Bob and Carol', bob, carol],
    ['Carol and Alice', carol, alice],
  ])('is what a second implementation says, for %s', async (_, one, other) => {
    expect(await safetyNumber(party(one), party(other))).toBe(byRule(party(one), party(other)));
  });

  it('is the one that is written down for keys that anybody can make', async () => {
    // The generator of the curve and twice the generator, as points of 65 bytes; wallets of ones and of twos.
    const one = { address: `0x${'11'.repeat(20)}`, identityKey: Buffer.from(generator, 'hex') } as const;
    const two = { address: `0x${'22'.repeat(20)}`, identityKey: Buffer.from(doubled, 'hex') } as const;
    expect(await safetyNumber(one, two)).toBe(known);
  });

  it('is made as those of Signal are: its own example comes out', async () => {
    const halves = [await fingerprint(Buffer.from(signal.alice, 'hex'), Buffer.from('+14152222222'))];
    halves.push(await fingerprint(Buffer.from(signal.bob, 'hex'), Buffer.from('+14153333333')));
    expect(halves.sort().join('')).toBe(signal.number);
  });

  it('is another for another identity key of the same wallet, and for another wallet with the same key', async () => {
    const number = await safetyNumber(party(alice), party(bob));
    expect(await safetyNumber(party(alice), party(person('Bob', Date.UTC(2025, 0, 1))))).not.toBe(number);
    expect(await safetyNumber(party(alice), { ...party(bob), address: carol.address })).not.toBe(number);
  });

  it('does not change with the pre-key', async () => {
    const { preKey: _, ...rest } = bob.contact;
    expect(await safetyNumber(party(alice), { address: rest.address, identityKey: rest.identityKey })).toBe(
      await safetyNumber(party(alice), party(bob)),
    );
  });
});

const generator =
  '0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8';
const doubled =
  '04c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee51ae168fea63dc339a3c58419466ceaeef7f632653266d0e1236431a950cfe52a';
const known = '453495829265561219898719523511756325204869513232375291587785';

/** From libsignal's tests of numeric fingerprints. */
const signal = {
  alice: '0506863bc66d02b40d27b8d49ca7c09e9239236f9d7d25d6fcca5ce13c7064d868',
  bob: '05f781b6fb32fed9ba1cf2de978d4d5da28dc34046ae814402b5c0dbd96fda907b',
  number: '300354477692869396892869876765458257569162576843440918079131',
};
