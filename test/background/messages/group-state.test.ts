import { expect, test } from 'vitest';
import { chain } from '../../../src/background/messages/group-state.ts';
import type { StoredConversation } from '../../../src/background/messages/model.ts';
import { conversationOf } from '../../../src/background/sync/bindings.ts';
import type { SealedKey } from '../../../src/keystore/keystore.ts';
import { createGroup, groupPrefix, type SignedGroup, succeedGroup } from '../../../src/protocol/group.ts';
import { alice, bob, carol, person } from '../../support/people.ts';

const dave = person('Dave');
const { group: first } = createGroup(alice.bundle, { members: [bob.address, carol.address, dave.address] });
const { group: second } = succeedGroup(alice.bundle, first, { remove: [dave.address] });
const { group: third } = succeedGroup(alice.bundle, second, { remove: [carol.address] });

const rowOf = (group: SignedGroup, unread: number): StoredConversation => ({
  ...conversationOf(
    {
      id: `epoch ${group.epoch}`,
      binding: group.topic,
      topic: group.topic,
      key: new Uint8Array(0) as SealedKey,
      peer: bob.address,
      peerIdentityKey: '',
      derived: false,
      createdAt: 0,
      conversationId: groupPrefix + group.groupId,
      metadata: null,
      group: { state: group.bytes, left: [], closed: false },
    },
    0,
  ),
  unread,
});

test.each([
  ['before', 'after'],
  ['after', 'before'],
])('an epoch that comes last between two, the one %s it being known first, leaves all that is unread in the newest', (known) => {
  const [older, newer] = [rowOf(first, 2), rowOf(third, 1)];
  const rows = chain(rowOf(second, 0), known === 'before' ? [older, newer] : [newer, older]);
  const unread = Object.fromEntries(rows.map((row) => [row.id, row.unread]));
  expect(unread).toEqual({ 'epoch 1': 0, 'epoch 2': 0, 'epoch 3': 3 });
  expect(rows.find(({ id }) => id === 'epoch 2')?.group).toMatchObject({ closed: true, next: 'epoch 3' });
  expect(rows.find(({ id }) => id === 'epoch 3')?.group).toMatchObject({ closed: false });
});

test('two states of one epoch under different topics are refused', () => {
  const other = { ...rowOf(succeedGroup(alice.bundle, first, { remove: [dave.address] }).group, 0), id: 'another' };
  expect(() => chain(other, [rowOf(first, 0), rowOf(second, 0)])).toThrow('another topic');
});
