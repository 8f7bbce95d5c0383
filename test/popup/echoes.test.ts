import { expect, test } from 'vitest';
import { echoOf, isRead, withEchoes } from '../../src/popup/screens/conversation/echoes.ts';
import type { MessageView } from '../../src/rpc/views/messages.ts';

const me = '0xca9Feb3AeA471001A867e53E027a65af7E94a987';
const message = (id: string, text: string, mine = true): MessageView => ({
  ...echoOf(text, id, { conversation: 'c', sender: me, answered: null, before: [] }).message,
  mine,
});
const written = (text: string, before: readonly MessageView[] = [], answered: MessageView | null = null) =>
  echoOf(text, 'request', { conversation: 'c', sender: me, answered, before });

test('what was just written is read once a new message of ours says the same', () => {
  const before = [message('a', 'yes')];
  const echo = written('yes', before);
  expect(isRead(echo, before)).toBe(false);
  expect(isRead(echo, [...before, message('b', 'yes', false)])).toBe(false);
  expect(isRead(echo, [...before, message('b', 'no')])).toBe(false);
  expect(isRead(echo, [...before, message('b', 'yes')])).toBe(true);
});

test('an answer is known by its own words, and shows no quote before it is read', () => {
  const asked = message('a', 'really?', false);
  const echo = written('yes', [asked], asked);
  expect(echo.message).toMatchObject({ shown: { form: 'reply', reference: 'a' }, quote: null, state: 'queued' });
  expect(isRead(echo, [asked, { ...echo.message, id: 'b' }])).toBe(true);
});

test('after the background has answered it goes by the id alone', () => {
  const echo = { ...written('yes'), message: message('b', 'yes'), before: null };
  expect(isRead(echo, [message('c', 'yes')])).toBe(false);
  expect(isRead(echo, [message('b', 'yes')])).toBe(true);
});

test('what is written in a row stands in the order of its times, while the background has given one of them a later time', () => {
  const at = (sentAt: number, id: string, before: readonly MessageView[] | null) => ({
    ...written(id),
    message: { ...message(id, id), sentAt },
    before,
  });
  const read = [{ ...message('a', 'a'), sentAt: 10 }];
  const shown = withEchoes(read, [at(30, 'answered', null), at(20, 'waiting', []), at(25, 'too', []), at(40, 'last', [])]);
  expect(shown.map(({ id, sentAt }) => [id, sentAt])).toEqual([
    ['a', 10],
    ['answered', 30],
    ['waiting', 30],
    ['too', 30],
    ['last', 40],
  ]);
});
