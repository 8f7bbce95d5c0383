import { fromBinary } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { QueryRequestSchema } from '../../../src/gen/xmtp/message_api/v1/message_api_pb.ts';
import { type RunningNode, startNode } from '../../../src/node/start-node.ts';
import { parseAddress } from '../../../src/protocol/address.ts';
import { inviteTopic } from '../../../src/protocol/topic.ts';
import { clientOf, envelope, type Invited, invite, nowNs } from '../../support/hands.ts';
import { person as keysOf, type Person } from '../../support/people.ts';
import { conversationWith, type Device, type Life, newPerson, passphrase, texts, until, wake } from '../device.ts';

let node: RunningNode;
let bob: { readonly device: Device; readonly life: Life; readonly address: string };
const hourNs = 3_600_000_000_000n;
const carol = keysOf('Carol');

/** What was asked, by the last part of the path, and the topics of queries; a test may have some of it fail. */
const asked: { readonly url: string; readonly method: string; readonly topics: readonly string[]; readonly startNs: bigint }[] = [];
let fails: (path: string) => boolean;
const queryOf = (body: Uint8Array) => {
  const { contentTopics: topics, startTimeNs: startNs } = fromBinary(QueryRequestSchema, new Uint8Array(body).subarray(5));
  return { topics, startNs };
};
/** A network whose streams of what comes never open: it has to be asked for. */
const network: typeof fetch = (input, init) => {
  const path = String(input);
  const method = path.slice(path.lastIndexOf('/') + 1);
  asked.push({ url: path, method, ...(method === 'Query' ? queryOf(init?.body as Uint8Array) : { topics: [], startNs: 0n }) });
  if (/\/Subscribe/.test(path)) return Promise.reject(new TypeError('no streams here'));
  return fails(path) ? Promise.resolve(new Response(null, { status: 404 })) : fetch(input, init);
};

beforeEach(async () => {
  fails = () => false;
  node = await startNode({ compat: true });
  bob = await newPerson(node.url, { fetch: network });
  await bob.life.resume();
});
afterEach(async () => {
  await bob.device.close();
  await node.close();
});

const rest = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1000));

/** A message with a time so many hours ago, which nobody was told of. */
async function leave({ topic, say }: Invited, text: string, hours: bigint, from: Person = carol): Promise<void> {
  const at = nowNs() - hours * hourNs;
  const { message } = await say(text, from.bundle, at);
  await clientOf(node.url, from).publish([envelope(topic, message, at)]);
}

async function known(): Promise<{ readonly invited: Invited; readonly id: string }> {
  const invited = await invite(node.url, carol, bob.address);
  await bob.life.resume();
  const { id } = await conversationWith(bob.life, carol.address);
  await rest();
  return { invited, id };
}

const shown = (id: string, expected: readonly string[], life = bob.life) =>
  until(async () => (await texts(life, id)).join() === expected.map((text) => `peer: ${text}`).join(), expected.join());

describe('catching up in the order of the node', () => {
  it('finds what was left at the next look, whatever time it bears', async () => {
    const { invited, id } = await known();
    await leave(invited, 'deep', 90n);
    await leave(invited, 'slow', 20n);
    await leave(invited, 'now', 0n);
    asked.length = 0;
    await bob.life.resume();
    await shown(id, ['deep', 'slow', 'now']);
    expect(asked.filter(({ method }) => method === 'Follow')).toHaveLength(1);
    // Of decisions, and nothing of invitations or messages.
    expect(asked.filter(({ method }) => method === 'Query')).toHaveLength(1);
  });

  it('finds an invitation from deep in the past, and what was said in it', async () => {
    await rest();
    const at = nowNs() - 90n * hourNs;
    const invited = await invite(node.url, carol, bob.address, { createdNs: at });
    await leave(invited, 'old news', 89n);
    await bob.life.resume();
    const { id } = await conversationWith(bob.life, carol.address);
    await shown(id, ['old news']);
  });

  it('asks for nothing twice: what was taken before is not sent again, also to a background that has died', async () => {
    const { invited, id } = await known();
    await leave(invited, 'one', 1n);
    await bob.life.resume();
    await shown(id, ['one']);
    await rest();
    bob.life.kill();
    let bytes = 0;
    const counting: typeof fetch = async (input, init) => {
      const response = await network(input, init);
      if (!/\/Follow$/.test(String(input)) || !response.body) return response;
      const counted = response.body.pipeThrough(
        new TransformStream<Uint8Array, Uint8Array>({
          transform(chunk, controller) {
            bytes += chunk.length;
            controller.enqueue(chunk);
          },
        }),
      );
      return new Response(counted, response);
    };
    await wake(bob.device, { fetch: counting });
    await until(() => bytes > 0, 'an answer');
    await rest();
    // That the stream is open, and that there is nothing: no envelope has room in it.
    expect(bytes).toBeLessThan(100);
  });

  it('is asked by times where its order cannot be had any more, and by its order again later', async () => {
    const { invited, id } = await known();
    fails = (path) => /\/Follow$/.test(path);
    await leave(invited, 'now', 0n);
    await leave(invited, 'deep', 90n);
    await bob.life.resume();
    await shown(id, ['now']);
    await rest();
    bob.life.kill();
    fails = () => false;
    const life = await wake(bob.device, { fetch: network });
    await shown(id, ['deep', 'now'], life);
  });

  it('reads everything from the beginning where the node has another store', async () => {
    const { invited, id } = await known();
    await leave(invited, 'before', 1n);
    await bob.life.resume();
    await shown(id, ['before']);
    await rest();
    const port = Number(new URL(node.url).port);
    await node.close();
    node = await startNode({ compat: true, port });
    // Somebody brought back what she had: more of it than Bob was ever shown.
    await leave(invited, 'kept', 90n);
    await leave(invited, 'deep', 80n);
    await bob.life.resume();
    await shown(id, ['kept', 'deep', 'before']);
    await rest();
    // And goes on in the order of this one.
    await leave(invited, 'deeper', 100n);
    await bob.life.resume();
    await shown(id, ['deeper', 'kept', 'deep', 'before']);
  });

  it('does not read everything at every look because a node has another store at every look', async () => {
    const { invited, id } = await known();
    const port = Number(new URL(node.url).port);
    const readings: boolean[] = [];
    for (const text of ['one', 'two', 'three']) {
      await rest();
      await node.close();
      node = await startNode({ compat: true, port });
      await leave(invited, text, 0n);
      asked.length = 0;
      await bob.life.resume();
      await until(async () => (await texts(bob.life, id)).includes(`peer: ${text}`), text);
      await rest();
      readings.push(asked.some(({ topics, startNs }) => topics.includes(invited.topic) && startNs === 0n));
    }
    expect(readings).toEqual([true, false, false]);
  });

  it('reads everything from the beginning once a week', async () => {
    const { invited } = await known();
    bob.life.kill();
    let now = Date.now();
    const life = await bob.device.start({ fetch: network, clock: () => now });
    const whole = async (days: number): Promise<boolean> => {
      now += days * 24 * 3_600_000;
      asked.length = 0;
      await life.resume();
      if ((await life.services.accounts.status()).phase === 'locked') {
        await life.services.accounts.unlock(passphrase);
        await life.resume();
      }
      await rest();
      return [inviteTopic(parseAddress(bob.address)), invited.topic].every((topic) => asked.some(({ topics }) => topics.includes(topic)));
    };
    expect([await whole(3), await whole(3), await whole(2), await whole(3)]).toEqual([false, false, true, false]);
  });

  it('does not read a node from its beginning again because another one was in use', async () => {
    const { invited, id } = await known();
    const other = await startNode({ compat: true });
    try {
      const { settings } = bob.life.services;
      await settings.addNode(other.url);
      await settings.setNode(other.url, passphrase);
      await until(() => asked.some((each) => each.url.startsWith(other.url) && each.topics.includes(invited.topic)), 'the other');
      await rest();
      await leave(invited, 'deep', 90n);
      asked.length = 0;
      await settings.setNode(node.url, passphrase);
      await shown(id, ['deep']);
      expect(asked.filter(({ topics }) => topics.includes(invited.topic))).toEqual([]);
    } finally {
      await bob.device.close();
      await other.close();
    }
  });

  it('loses nothing when the background dies with half of it taken', async () => {
    const { invited, id } = await known();
    for (let each = 0; each < 5; each++) await leave(invited, `deep ${each}`, 99n - BigInt(each));
    bob.life.kill();
    for (const dieAt of ['sync:page', 'sync:appended']) {
      const life = await bob.device.start({ fetch: network, dieAt });
      await Promise.race([life.resume(), life.died]);
      await life.died;
      life.kill();
    }
    const life = await wake(bob.device, { fetch: network });
    await shown(id, ['deep 0', 'deep 1', 'deep 2', 'deep 3', 'deep 4'], life);
  });
});
