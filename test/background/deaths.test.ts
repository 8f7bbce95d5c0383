import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RunningNode, startNode } from '../../src/node/start-node.ts';
import { conversationWith, Device, makeWallet, newPerson, type Person, passphrase, texts, until, wake } from './device.ts';

let node: RunningNode;
let devices: Device[];

beforeEach(async () => {
  node = await startNode();
  devices = [];
});

afterEach(async () => {
  for (const device of devices) await device.close();
  await node.close();
});

async function person(): Promise<Person> {
  const someone = await newPerson(node.url);
  devices.push(someone.device);
  return someone;
}

/** Two people in a conversation that both know. */
async function talk() {
  const [alice, bob] = [await person(), await person()];
  const { id } = await alice.life.services.conversations.start(bob.address);
  const atBob = (await conversationWith(bob.life, alice.address)).id;
  await alice.life.services.messages.send(id, 'before', 'before');
  await until(async () => (await texts(bob.life, atBob)).length === 1, 'the first message at Bob');
  return { alice, bob, id, atBob };
}

describe('a background that dies while it sends', () => {
  const points = ['send:sealed', 'outbox:sealed', 'outbox:written', 'post:shown', 'outbox:sending', 'outbox:published', 'outbox:deleted'];

  it.each(points)('at %s has sent each message once, whoever asks again', async (dieAt) => {
    const { alice, bob, id, atBob } = await talk();
    alice.life.kill();
    const doomed = await wake(alice.device, { dieAt });
    doomed.services.messages.send(id, 'during', 'during').catch(() => undefined);
    await doomed.died;
    doomed.kill();

    const life = await wake(alice.device);
    await life.services.messages.send(id, 'during', 'during');
    await life.services.messages.send(id, 'after', 'after');
    await until(async () => (await texts(bob.life, atBob)).includes('peer: after'), 'the last message at Bob');
    expect(await texts(bob.life, atBob)).toEqual(['peer: before', 'peer: during', 'peer: after']);
    expect(await texts(life, id)).toEqual(['me: before', 'me: during', 'me: after']);
    await until(async () => (await life.services.messages.list(id, {})).messages.every(({ state }) => state === 'sent'), 'all sent');
    // What the node holds comes back to its sender, and is known.
    await life.resume();
    expect(await texts(life, id)).toEqual(['me: before', 'me: during', 'me: after']);
  });

  it.each(points.slice(2))('at %s sends by itself what it had written down', async (dieAt) => {
    const { alice, bob, id, atBob } = await talk();
    alice.life.kill();
    const doomed = await wake(alice.device, { dieAt });
    doomed.services.messages.send(id, 'during', 'during').catch(() => undefined);
    await doomed.died;
    doomed.kill();
    await wake(alice.device);
    await until(async () => (await texts(bob.life, atBob)).length === 2, 'the message at Bob');
    expect(await texts(bob.life, atBob)).toEqual(['peer: before', 'peer: during']);
  });

  it.each(['outbox:written', 'post:shown'])('at %s shows what it had written down, also while the node is away', async (dieAt) => {
    const { alice, id } = await talk();
    alice.life.kill();
    const doomed = await wake(alice.device, { dieAt });
    await node.close();
    doomed.services.messages.send(id, 'during', 'during').catch(() => undefined);
    await doomed.died;
    doomed.kill();
    const life = await wake(alice.device);
    expect(await texts(life, id)).toEqual(['me: before', 'me: during']);
    expect((await life.services.messages.list(id, {})).messages.at(-1)?.state).toMatch(/^(queued|sending)$/);
    expect((await life.services.conversations.get(id)).preview).toEqual({ text: 'during', mine: true });
  });

  it.each(['outbox:written', 'post:shown', 'outbox:published', 'outbox:deleted'])('at %s begins a conversation once', async (dieAt) => {
    const [alice, bob] = [await person(), await person()];
    alice.life.kill();
    const doomed = await wake(alice.device, { dieAt });
    doomed.services.conversations.start(bob.address).catch(() => undefined);
    await doomed.died;
    doomed.kill();
    const life = await wake(alice.device);
    const { id } = await life.services.conversations.start(bob.address);
    await life.services.messages.send(id, 'hello', 'a');
    const atBob = await conversationWith(bob.life, alice.address);
    await until(async () => (await texts(bob.life, atBob.id)).length === 1, 'the message at Bob');
    expect((await life.services.conversations.list({})).rows).toHaveLength(1);
    expect((await bob.life.services.conversations.list({})).rows).toHaveLength(1);
  });
});

describe('a background that dies while it receives', () => {
  const asking = ['sync:page', 'sync:appended', 'reader:read', 'reader:written'];
  const streaming = ['stream:envelope', 'stream:appended', 'reader:read', 'reader:written'];
  const said = ['one', 'two', 'three', 'four', 'five'];
  const heard = ['peer: before', ...said.map((text) => `peer: ${text}`)];

  it.each(asking)('by asking, at %s, has everything once', async (dieAt) => {
    const { alice, bob, id, atBob } = await talk();
    bob.life.kill();
    let last = '';
    for (const text of said) last = (await alice.life.services.messages.send(id, text, text)).id;
    await alice.life.services.messages.settled(last, 5_000);
    const doomed = await wake(bob.device, { dieAt });
    await doomed.died;
    doomed.kill();
    const life = await wake(bob.device);
    await until(async () => (await texts(life, atBob)).length === heard.length, 'everything at Bob');
    expect(await texts(life, atBob)).toEqual(heard);
    expect((await life.services.conversations.get(atBob)).unread).toBe(heard.length);
  });

  it.each(streaming)('by the stream, at %s, has everything once', async (dieAt) => {
    const { alice, bob, id, atBob } = await talk();
    bob.life.kill();
    // Points that a start passes too are passed once before the messages come.
    const doomed = await wake(bob.device, { dieAt });
    await new Promise((resolve) => setTimeout(resolve, 100));
    for (const text of said) await alice.life.services.messages.send(id, text, text);
    await doomed.died;
    doomed.kill();
    const life = await wake(bob.device);
    await until(async () => (await texts(life, atBob)).length === heard.length, 'everything at Bob');
    expect(await texts(life, atBob)).toEqual(heard);
  });

  it.each(['sync:filling', 'reader:read', 'reader:written', 'sync:filled'])(
    'a conversation that is new to it, at %s, has its whole history once',
    async (dieAt) => {
      const [alice, bob] = [await person(), await person()];
      bob.life.kill();
      const { id } = await alice.life.services.conversations.start(bob.address);
      for (const text of said) await alice.life.services.messages.send(id, text, text);
      await until(
        async () => (await alice.life.services.messages.list(id, {})).messages.every(({ state }) => state === 'sent'),
        'all sent',
      );
      const doomed = await wake(bob.device, { dieAt });
      await doomed.died;
      doomed.kill();
      const life = await wake(bob.device);
      const atBob = await conversationWith(life, alice.address);
      await until(async () => (await texts(life, atBob.id)).length === said.length, 'everything at Bob');
      expect(await texts(life, atBob.id)).toEqual(heard.slice(1));
    },
  );
});

describe('a background that dies while it publishes a new account', () => {
  it.each(['publication:published', 'publication:noted'])('at %s is reachable after the next start', async (dieAt) => {
    const device = new Device();
    devices.push(device);
    const doomed = await device.start({ dieAt });
    makeWallet(doomed, passphrase, node.url).catch(() => undefined);
    await doomed.died;
    doomed.kill();
    const life = await wake(device);
    expect((await life.services.accounts.status()).phase).toBe('ready');
    const { account } = await until(async () => {
      const status = await life.services.accounts.status();
      return status.published && status;
    }, 'the publication');
    const bob = await person();
    expect(await bob.life.services.conversations.lookUp(account?.address ?? '')).toMatchObject({ state: 'reachable' });
  });
});
