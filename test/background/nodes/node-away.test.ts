import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RunningNode, startNode } from '../../../src/node/start-node.ts';
import { conversationWith, Device, makeWallet, newPerson, type Person, passphrase, texts, until, wake } from '../device.ts';

let node: RunningNode;
let data: string;
let devices: Device[];

beforeEach(async () => {
  data = mkdtempSync(join(tmpdir(), 'parley-test-'));
  node = await startNode({ data });
  devices = [];
});

afterEach(async () => {
  for (const device of devices) await device.close();
  await node.close();
  rmSync(data, { recursive: true, force: true });
});

async function person(): Promise<Person> {
  const someone = await newPerson(node.url);
  devices.push(someone.device);
  return someone;
}

const back = async (): Promise<void> => {
  node = await startNode({ data, port: node.port });
};

describe('a node that is away', () => {
  it('leaves messages here, says so, and gets them in their order when it is back', async () => {
    const [alice, bob] = [await person(), await person()];
    const { conversations, messages, accounts } = alice.life.services;
    const { id } = await conversations.start(bob.address);
    const atBob = await conversationWith(bob.life, alice.address);
    await node.close();

    const sent = [];
    for (const text of ['one', 'two', 'three']) sent.push(await messages.send(id, text, text));
    expect((await messages.settled(sent[0]?.id ?? '', 50)).state).toMatch(/^(queued|sending)$/);
    const { node: state } = await until(async () => {
      const status = await accounts.status();
      return status.node.state === 'offline' && status;
    }, 'the state offline');
    expect(state.trouble).toBe('unreachable');
    expect((await conversations.list({})).rows[0]?.preview).toEqual({ text: 'three', mine: true });

    await back();
    await alice.life.resume();
    await bob.life.resume();
    await until(async () => (await texts(bob.life, atBob.id)).length === 3, 'the messages at Bob');
    expect(await texts(bob.life, atBob.id)).toEqual(['peer: one', 'peer: two', 'peer: three']);
    await until(async () => (await accounts.status()).node.state === 'connected', 'the state connected');
    expect((await messages.settled(sent[2]?.id ?? '', 5_000)).state).toBe('sent');
  });

  it('is found again without anybody asking', async () => {
    const [alice, bob] = [await person(), await person()];
    const { id } = await alice.life.services.conversations.start(bob.address);
    const atBob = await conversationWith(bob.life, alice.address);
    await node.close();
    const { id: message } = await alice.life.services.messages.send(id, 'hello', 'a');
    await back();
    expect((await alice.life.services.messages.settled(message, 10_000)).state).toBe('sent');
    await until(async () => (await texts(bob.life, atBob.id)).length === 1, 'the message at Bob');
  });

  it('does not keep an account from being made; it is published when the node is back', async () => {
    await node.close();
    const device = new Device();
    devices.push(device);
    const life = await device.start();
    expect(await makeWallet(life, passphrase, node.url)).toMatchObject({ phase: 'ready', published: false });
    life.kill();
    await back();
    const next = await wake(device);
    await until(async () => (await next.services.accounts.status()).published, 'the publication');
    const bob = await person();
    const { account } = await next.services.accounts.status();
    expect(await bob.life.services.conversations.lookUp(account?.address ?? '')).toMatchObject({ state: 'reachable' });
  });

  it('cannot say who is reachable; whoever is known can be written to', async () => {
    const [alice, bob] = [await person(), await person()];
    const { conversations, messages } = alice.life.services;
    expect(await conversations.lookUp(bob.address)).toMatchObject({ state: 'reachable' });
    await node.close();
    const stranger = '0x00000000000000000000000000000000000000aa';
    expect(await conversations.lookUp(stranger)).toMatchObject({ state: 'unknown' });
    await expect(conversations.start(stranger)).rejects.toMatchObject({ reason: 'unreachable' });
    const { id } = await conversations.start(bob.address);
    await messages.send(id, 'to whom I know', 'a');
    await back();
    await alice.life.resume();
    await bob.life.resume();
    const atBob = await conversationWith(bob.life, alice.address);
    await until(async () => (await texts(bob.life, atBob.id)).length === 1, 'the message at Bob');
  });

  it('shows the inbox all the same', async () => {
    const [alice, bob] = [await person(), await person()];
    const { id } = await alice.life.services.conversations.start(bob.address);
    await alice.life.services.messages.send(id, 'hello', 'a');
    const atBob = await until(
      async () => (await bob.life.services.conversations.list({})).rows.find(({ preview }) => preview !== null),
      'the message at Bob',
    );
    await node.close();
    bob.life.kill();
    const life = await wake(bob.device);
    expect((await life.services.conversations.list({})).rows).toEqual([atBob]);
    expect(await texts(life, atBob.id)).toEqual(['peer: hello']);
  });
});

describe('a node that refuses a message', () => {
  it('makes it fail visibly; it can be tried again, or given up', async () => {
    let refusing = true;
    const refuse: typeof fetch = (input, init) =>
      refusing && String(input).endsWith('/Publish')
        ? Promise.resolve(new Response(null, { headers: { 'content-type': 'application/grpc-web+proto', 'grpc-status': '3' } }))
        : fetch(input, init);
    const [alice, bob] = [await person(), await person()];
    const { id } = await alice.life.services.conversations.start(bob.address);
    const atBob = await conversationWith(bob.life, alice.address);
    await until(() => alice.life.services.conversations.get(id));
    alice.life.kill();
    const life = await wake(alice.device, { fetch: refuse });
    const { messages, conversations, accounts } = life.services;
    const kept = await messages.send(id, 'keep', 'a');
    const dropped = await messages.send(id, 'drop', 'b');
    expect(await messages.settled(kept.id, 5_000)).toMatchObject({ state: 'failed' });
    expect(await messages.settled(dropped.id, 5_000)).toMatchObject({ state: 'failed' });
    expect((await accounts.status()).node.state).toBe('connected');

    await messages.discard(dropped.id);
    expect(await texts(life, id)).toEqual(['me: keep']);
    expect((await conversations.get(id)).preview).toEqual({ text: 'keep', mine: true });
    refusing = false;
    await messages.retry(kept.id);
    expect((await messages.settled(kept.id, 5_000)).state).toBe('sent');
    await until(async () => (await texts(bob.life, atBob.id)).length === 1, 'the message at Bob');
    await expect(messages.discard(kept.id)).rejects.toMatchObject({ reason: 'not-found' });
  });

  it('once the invitation is refused, holds back what would follow it', async () => {
    let refusing = true;
    const published: number[] = [];
    const refuse: typeof fetch = async (input, init) => {
      // Whom we let write goes there by itself, and is no part of this.
      const ofConsent = Buffer.from(await new Response(init?.body).arrayBuffer()).includes('userpreferences');
      if (!String(input).endsWith('/Publish') || ofConsent) return fetch(input, init);
      published.push(1);
      return refusing
        ? new Response(null, { headers: { 'content-type': 'application/grpc-web+proto', 'grpc-status': '7' } })
        : fetch(input, init);
    };
    const [alice, bob] = [await person(), await person()];
    alice.life.kill();
    const life = await wake(alice.device, { fetch: refuse });
    const { id } = await life.services.conversations.start(bob.address);
    await until(() => published.length === 1, 'the refusal');
    refusing = false;
    // Writing is another try: the invitation goes first, by the same request.
    const { id: message } = await life.services.messages.send(id, 'hello', 'a');
    expect((await life.services.messages.settled(message, 5_000)).state).toBe('sent');
    expect(published).toHaveLength(2);
    const atBob = await conversationWith(bob.life, alice.address);
    await until(async () => (await texts(bob.life, atBob.id)).length === 1, 'the message at Bob');
  });
});
