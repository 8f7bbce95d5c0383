import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RunningNode, startNode } from '../../src/node/start-node.ts';
import { bringWallet, conversationWith, Device, type Life, newPerson, type Person, passphrase, texts, until, wake } from './device.ts';

let node: RunningNode;
const devices: Device[] = [];
let alice: Person;
let bob: Person;
let id: string;
let atBob: string;

const person = async (): Promise<Person> => {
  const made = await newPerson(node.url);
  devices.push(made.device);
  return made;
};
const messages = async (life: Life, conversation: string) => (await life.services.messages.list(conversation, {})).messages;
const find = (life: Life, conversation: string, text: string) =>
  until(
    async () =>
      (await messages(life, conversation)).find(
        ({ shown }) => (shown.form === 'reply' ? shown.content : shown).form === 'text' && JSON.stringify(shown).includes(text),
      ),
    `"${text}"`,
  );
const react = (life: Life, conversation: string, message: string, sign: string, action: 'added' | 'removed') =>
  life.services.messages.send(
    conversation,
    { kind: 'reaction', action, reference: message, schema: 'unicode', content: sign },
    `${sign} ${action} ${Math.random()}`,
  );
const preview = async (life: Life, conversation: string) => (await life.services.conversations.get(conversation)).preview;

beforeEach(async () => {
  node = await startNode();
  [alice, bob] = [await person(), await person()];
  ({ id } = await alice.life.services.conversations.start(bob.address));
  await alice.life.services.messages.send(id, 'See you at seven?', 'a');
  atBob = (await conversationWith(bob.life, alice.address)).id;
  await find(bob.life, atBob, 'See you at seven?');
});
afterEach(async () => {
  for (const device of devices.splice(0)) await device.close();
  await node.close();
});

describe('a reaction', () => {
  it('hangs on its message at both ends and is no message; taken off, it is gone; the list says what was done', async () => {
    const there = await find(bob.life, atBob, 'See you at seven?');
    await react(bob.life, atBob, there.id, '👍', 'added');
    expect(await preview(bob.life, atBob)).toEqual({
      text: 'Reacted 👍 to “See you at seven?”',
      mine: true,
      says: { kind: 'reaction', sign: '👍', to: 'See you at seven?' },
    });
    const hung = await until(async () => (await messages(alice.life, id)).find(({ reactions }) => reactions.length > 0), 'the reaction');
    expect(hung.reactions).toEqual([{ sign: '👍', senders: [bob.address], mine: false }]);
    expect(await texts(alice.life, id)).toEqual(['me: See you at seven?']);
    const row = await until(async () => {
      const now = await alice.life.services.conversations.get(id);
      return now.preview?.says && now;
    }, 'the preview');
    expect(row).toMatchObject({ unread: 0, preview: { text: 'Reacted 👍 to “See you at seven?”', mine: false } });
    await react(alice.life, id, hung.id, '👍', 'added');
    await react(bob.life, atBob, there.id, '👍', 'removed');
    const left = [{ sign: '👍', senders: [alice.address], mine: true }];
    await until(async () => JSON.stringify((await messages(alice.life, id))[0]?.reactions) === JSON.stringify(left), 'one that is left');
    // Nothing of it depends on having been there.
    const { privateKey } = await bob.life.services.accounts.revealPhrase(passphrase);
    const device = new Device({ apart: true });
    devices.push(device);
    const life = await device.start();
    await bringWallet(life, privateKey, passphrase, node.url);
    const fresh = await conversationWith(life, alice.address);
    await until(
      async () =>
        JSON.stringify((await messages(life, fresh.id)).map(({ reactions }) => reactions)) ===
        JSON.stringify([[{ ...left[0], mine: false }]]),
      'the same on a fresh device',
    );
  });

  it('of somebody in another conversation does not hang here', async () => {
    const carol = await person();
    const { id: other } = await carol.life.services.conversations.start(bob.address);
    const there = await find(bob.life, atBob, 'See you at seven?');
    await react(carol.life, other, there.id, '💩', 'added');
    await carol.life.services.messages.send(other, 'hello', 'h');
    await find(bob.life, (await conversationWith(bob.life, carol.address)).id, 'hello');
    expect((await messages(bob.life, atBob))[0]?.reactions).toEqual([]);
  });

  it('does not fill a page: what is asked for are messages', async () => {
    const there = await find(bob.life, atBob, 'See you at seven?');
    for (const sign of ['1️⃣', '2️⃣', '3️⃣', '4️⃣', '5️⃣']) await react(bob.life, atBob, there.id, sign, 'added');
    await bob.life.services.messages.send(atBob, 'yes', 'y');
    const page = await bob.life.services.messages.list(atBob, { limit: 2 });
    expect([page.messages.map(({ shown }) => shown.form), page.more]).toEqual([['text', 'text'], false]);
    expect(page.messages[0]?.reactions).toHaveLength(5);
  });
});

describe('a reply', () => {
  it('quotes what it answers, and shows its words in the list', async () => {
    const there = await find(bob.life, atBob, 'See you at seven?');
    await bob.life.services.messages.send(atBob, { kind: 'reply', reference: there.id, content: { kind: 'text', text: 'Gladly' } }, 'r');
    const reply = await find(alice.life, id, 'Gladly');
    expect(reply).toMatchObject({ quote: { id: there.id, sender: alice.address, mine: true, text: 'See you at seven?' } });
    expect(await preview(alice.life, id)).toEqual({ text: 'Gladly', mine: false });
    await alice.life.services.messages.send(
      id,
      { kind: 'reply', reference: 'ab'.repeat(32), content: { kind: 'text', text: 'to nothing' } },
      's',
    );
    expect((await find(alice.life, id, 'to nothing')).quote).toBeNull();
  });
});

describe('a read receipt', () => {
  it('is not sent unless the settings say so; then it marks what was read and is no message', async () => {
    await bob.life.services.requests.decide(atBob, 'allowed');
    const read = async (): Promise<void> => {
      if (await bob.life.services.conversations.markRead(atBob)) await bob.life.services.messages.receipt(atBob);
    };
    await read();
    await alice.life.services.messages.send(id, 'and now?', 'b');
    await find(bob.life, atBob, 'and now?');
    expect((await messages(alice.life, id)).map((each) => each.read)).toEqual([false, false]);
    await bob.life.services.settings.setReceipts(true);
    await read();
    await until(async () => (await messages(alice.life, id)).every((each) => each.read), 'read');
    expect(await texts(alice.life, id)).toEqual(['me: See you at seven?', 'me: and now?']);
    expect(await preview(alice.life, id)).toEqual({ text: 'and now?', mine: true });
  });
});

describe('deleting here', () => {
  it('takes a message out of sight here alone, and it does not come back', async () => {
    await alice.life.services.messages.send(id, 'a secret', 'c');
    const there = await find(bob.life, atBob, 'a secret');
    await bob.life.services.messages.hide(there.id);
    expect(await texts(bob.life, atBob)).toEqual(['peer: See you at seven?']);
    expect(await preview(bob.life, atBob)).toMatchObject({ text: 'See you at seven?' });
    bob.life.kill();
    const life = await wake(bob.device);
    await life.services.messages.send(atBob, 'still here', 'd');
    await find(alice.life, id, 'still here');
    expect(await texts(life, atBob)).toEqual(['peer: See you at seven?', 'me: still here']);
    expect(await texts(alice.life, id)).toContain('me: a secret');
  });
});
