import { expect, test, vi } from 'vitest';
import { createSubscriptions } from '../../src/content/subscriptions.ts';

const wanted = { kind: 'messages', conversation: null };

function opened(cursor = 5) {
  const emit = vi.fn();
  const subscriptions = createSubscriptions(emit);
  subscriptions.hear({ subscription: 's', cursor, ...wanted });
  subscriptions.answered('s');
  return { emit, subscriptions };
}

test('an event moves the cursor that the next life begins behind', () => {
  const { emit, subscriptions } = opened();
  subscriptions.hear({ subscription: 's', cursor: 7, event: 'message', payload: { one: 1 } });
  expect(emit.mock.calls).toEqual([['message', { one: 1 }]]);
  expect(subscriptions.all()).toEqual([{ subscription: 's', ...wanted, cursor: 7 }]);
});

test('an event that was told is not told again', () => {
  const { emit, subscriptions } = opened();
  for (const cursor of [6, 6, 5, 7]) subscriptions.hear({ subscription: 's', cursor, event: 'message', payload: cursor });
  expect(emit.mock.calls.map(([, payload]) => payload)).toEqual([6, 7]);
});

test('an event before the answer is told too', () => {
  const emit = vi.fn();
  const subscriptions = createSubscriptions(emit);
  subscriptions.hear({ subscription: 's', cursor: 5, ...wanted });
  subscriptions.hear({ subscription: 's', cursor: 6, event: 'message', payload: 'early' });
  subscriptions.answered('s');
  expect(emit).toHaveBeenCalledOnce();
  expect(subscriptions.all()).toEqual([{ subscription: 's', ...wanted, cursor: 6 }]);
});

test('what the page never got an answer for is not gone on with', () => {
  const subscriptions = createSubscriptions(() => undefined);
  subscriptions.hear({ subscription: 's', cursor: 5, ...wanted });
  subscriptions.broken();
  subscriptions.answered('s');
  subscriptions.answered({ not: 'a name' });
  expect(subscriptions.all()).toEqual([]);
});

test('what ended, or was given up, is over', () => {
  const { emit, subscriptions } = opened();
  subscriptions.hear({ subscription: 's', ended: true });
  subscriptions.hear({ subscription: 's', cursor: 9, event: 'message', payload: 'late' });
  subscriptions.hear({ subscription: 'unknown', cursor: 9, event: 'message', payload: 'never' });
  expect(emit).not.toHaveBeenCalled();
  expect(subscriptions.all()).toEqual([]);
  const other = opened().subscriptions;
  other.drop('s');
  other.drop(7);
  expect(other.all()).toEqual([]);
});
