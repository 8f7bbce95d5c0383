import { describe, expect, it } from 'vitest';
import type { Binding, StoredConversation } from '../../../src/background/messages/model.ts';
import { bind, conversationOf, mostRivals } from '../../../src/background/sync/bindings.ts';
import type { SealedKey } from '../../../src/keystore/keystore.ts';
import { alice, bob } from '../../support/people.ts';

const by = (binding: string, derived = false, peer = alice.address): Binding => ({
  binding,
  topic: 'topic',
  key: new Uint8Array([binding.length]) as SealedKey,
  peer,
  peerIdentityKey: peer,
  derived,
  createdAt: 0,
  conversationId: null,
  metadata: null,
});
const where = { topicId: 'first', spoken: false, readUpTo: 7 };
const known = (binding: Binding): StoredConversation => conversationOf({ ...binding, id: 'first' }, 7);

describe('one more invitation to a topic', () => {
  it('that nobody named before makes the conversation of the topic', () => {
    expect(bind(undefined, by('a'), where)).toEqual({ rows: [known(by('a'))], rival: false, again: false });
  });

  it('that says what is known changes nothing', () => {
    expect(bind(known(by('a')), by('a'), where)).toEqual({ rows: [], rival: false, again: false });
  });

  it('with another key or peer becomes a rival, once', () => {
    const { rows, rival, again } = bind(known(by('a')), by('b', false, bob.address), where);
    expect([rival, again]).toEqual([true, true]);
    expect(rows).toMatchObject([{ id: 'first', binding: 'a', rivals: [{ id: 'b', binding: 'b', peer: bob.address }] }]);
    expect(bind(rows[0], by('b', false, bob.address), where)).toEqual({ rows: [], rival: true, again: false });
  });

  it('is no more than put aside when there are many already', () => {
    let row = known(by('a'));
    for (let count = 0; count < mostRivals; count++) row = bind(row, by(`b${count}`), where).rows[0] ?? row;
    expect(row.rivals).toHaveLength(mostRivals);
    expect(bind(row, by('one more'), where)).toEqual({ rows: [], rival: true, again: false });
    // The true one is never one too many.
    expect(bind(row, by('true', true), where).rows[0]).toMatchObject({ binding: 'true' });
  });

  it('that derives from its pair takes the topic over, and none takes it from that', () => {
    const taken = bind(known(by('a')), by('b', true, bob.address), where);
    expect(taken).toMatchObject({ rival: false, again: true });
    expect(taken.rows).toMatchObject([{ id: 'first', binding: 'b', peer: bob.address, rivals: [{ id: 'a', binding: 'a' }] }]);
    expect(bind(taken.rows[0], by('c'), where).rows).toMatchObject([{ binding: 'b', rivals: [{ binding: 'a' }, { binding: 'c' }] }]);
  });

  it('that takes over leaves what was said to who said it', () => {
    const { rows } = bind(known(by('a')), by('b', true), { ...where, spoken: true });
    expect(rows).toMatchObject([
      { id: 'b', binding: 'b', rivals: [{ id: 'first', binding: 'a' }] },
      { id: 'first', binding: 'a', rival: true, rivals: [] },
    ]);
  });

  it('that takes over is no rival of itself any more', () => {
    const contested = bind(known(by('a')), by('b'), where).rows[0];
    expect(bind(contested, by('b', true), where).rows[0]?.rivals).toMatchObject([{ binding: 'a' }]);
  });
});
