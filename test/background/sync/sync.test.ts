import { fromBinary } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { QueryRequestSchema } from '../../../src/gen/xmtp/message_api/v1/message_api_pb.ts';
import { type RunningNode, startNode } from '../../../src/node/start-node.ts';
import { inviteTopic } from '../../../src/protocol/topic.ts';
import { clientOf, envelope, invite, nowNs } from '../../support/hands.ts';
import { person as keysOf } from '../../support/people.ts';
import { conversationWith, type Device, type Life, newPerson, passphrase, texts, until } from '../device.ts';

let node: RunningNode;
let devices: Device[];
const hourNs = 3_600_000_000_000n;

beforeEach(async () => {
  node = await startNode({ compat: true });
  devices = [];
});
afterEach(async () => {
  for (const device of devices) await device.close();
  await node.close();
});

/** A network whose streams never open: what comes has to be asked for. */
const noStreams: typeof fetch = (input, init) =>
  /\/Subscribe/.test(String(input)) ? Promise.reject(new TypeError('no streams here')) : fetch(input, init);

/** The same, from a node that tells no order of what it took. */
const byTimes: typeof fetch = (input, init) =>
  /parley\.node/.test(String(input)) ? Promise.resolve(new Response(null, { status: 404 })) : noStreams(input, init);

/** Until what a wake began is over. */
const rest = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1000));

/** A wake, and the passphrase if the time for it has come. */
async function wakeUp({ resume, services: { accounts } }: Life): Promise<void> {
  await resume();
  if ((await accounts.status()).phase !== 'locked') return;
  await accounts.unlock(passphrase);
  await resume();
}

async function newBob(clock: () => number, network = byTimes) {
  const bob = await newPerson(node.url, { fetch: network, clock });
  devices.push(bob.device);
  await bob.life.resume();
  return bob;
}

describe('catching up at a node that tells no order', () => {
  it('finds an invitation whose sender has a slow clock at the next look', async () => {
    const bob = await newBob(Date.now);
    const carol = keysOf('Carol');
    await invite(node.url, carol, bob.address, { createdNs: nowNs() - hourNs });
    await bob.life.resume();
    await conversationWith(bob.life, carol.address);
  });

  it('asks for decisions, invitations and messages at once, and takes them whatever comes first', async () => {
    const bob = await newBob(Date.now);
    const carol = keysOf('Carol');
    const { topic, say } = await invite(node.url, carol, bob.address);
    await bob.life.resume();
    const { id } = await conversationWith(bob.life, carol.address);
    await rest();
    bob.life.kill();
    const { message } = await say('news', carol.bundle, nowNs());
    await clientOf(node.url, carol).publish([envelope(topic, message, nowNs())]);
    let open = 0;
    let all: () => void = () => undefined;
    const together = new Promise<void>((resolve) => {
      all = resolve;
    });
    const life = await bob.device.start({
      fetch: async (input, init) => {
        if (/\/Query$/.test(String(input))) {
          open += 1;
          if (open === 3) all();
          await together;
        }
        return byTimes(input, init);
      },
    });
    await life.resume();
    await until(async () => (await texts(life, id)).length === 1, 'the news');
  });

  it('finds a message from deep in the past within an hour, and what a node held back within a day', async () => {
    let now = Date.now();
    const bob = await newBob(() => now);
    const carol = keysOf('Carol');
    const { topic, say } = await invite(node.url, carol, bob.address);
    const send = async (text: string, ago: bigint): Promise<void> => {
      const { message } = await say(text, carol.bundle, nowNs() - ago);
      await clientOf(node.url, carol).publish([envelope(topic, message, nowNs() - ago)]);
    };
    await bob.life.resume();
    const { id } = await conversationWith(bob.life, carol.address);
    const all = async (): Promise<string> => (await texts(bob.life, id)).join();
    await send('first', 0n);
    await bob.life.resume();
    await until(async () => (await all()) === 'peer: first', 'the first message');
    const later = async (hours: number, expected: string): Promise<void> => {
      now += hours * 3_600_000;
      await wakeUp(bob.life);
      await until(async () => (await all()) === expected, expected);
    };
    await rest();
    await send('slow', 20n * hourNs);
    await bob.life.resume();
    await rest();
    expect(await all()).toBe('peer: first');
    await later(1.1, 'peer: slow,peer: first');
    await send('deep', 90n * hourNs);
    await later(1.1, 'peer: slow,peer: first');
    await later(25, 'peer: deep,peer: slow,peer: first');
  });

  it('reads everything again once a day, however often it wakes', async () => {
    const whole: string[] = [];
    const watching: typeof fetch = async (input, init) => {
      if (/\/Query$/.test(String(input))) {
        const { contentTopics, startTimeNs } = fromBinary(
          QueryRequestSchema,
          new Uint8Array(await new Response(init?.body).arrayBuffer()).subarray(5),
        );
        if (startTimeNs === 0n) whole.push(...contentTopics);
      }
      return byTimes(input, init);
    };
    let now = Date.now();
    const bob = await newPerson(node.url, { fetch: watching, clock: () => now });
    devices.push(bob.device);
    const { topic, peer } = await invite(node.url, keysOf('Carol'), bob.address);
    const times = (which: string): number => whole.filter((each) => each === which).length;
    await bob.life.resume();
    await until(() => times(topic) === 1, 'the first reading');
    for (let wakes = 0; wakes < 3; wakes++) await bob.life.resume();
    await rest();
    now += 13 * 3_600_000;
    await wakeUp(bob.life);
    await rest();
    expect(times(topic)).toBe(1);
    now += 13 * 3_600_000;
    await wakeUp(bob.life);
    await until(() => times(topic) === 2, 'the reading of the next day');
    await until(() => times(inviteTopic(peer.address)) >= 3, 'the invitations'); // after each unlocking, and a day later
    await rest();
    const invitations = times(inviteTopic(peer.address));
    for (let wakes = 0; wakes < 3; wakes++) await bob.life.resume();
    await rest();
    expect([times(topic), times(inviteTopic(peer.address))]).toEqual([2, invitations]);
  });
});
