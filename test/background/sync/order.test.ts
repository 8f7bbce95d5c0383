import { fromBinary } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { QueryRequestSchema } from '../../../src/gen/xmtp/message_api/v1/message_api_pb.ts';
import { type RunningNode, startNode } from '../../../src/node/start-node.ts';
import { parseAddress } from '../../../src/protocol/address.ts';
import { inviteTopic } from '../../../src/protocol/topic.ts';
import { clientOf, envelope, type Invited, invite, nowNs } from '../../support/hands.ts';
import { person as keysOf } from '../../support/people.ts';
import { conversationWith, newPerson, type Person, passphrase, type StartOptions, texts, until, wake } from '../device.ts';

let node: RunningNode;
let bob: Person;
const hourNs = 3_600_000_000_000n;
const carol = keysOf('Carol');

/** What was asked, by the last part of the path, and the topics of queries; a test may have some of it fail. */
const asked: { readonly url: string; readonly method: string; readonly topics: readonly string[]; readonly startNs: bigint }[] = [];
let fails: (path: string) => boolean;
const queryOf = (body: Uint8Array) => {
  const { contentTopics: topics, startTimeNs: startNs } = fromBinary(QueryRequestSchema, new Uint8Array(body).subarray(5));
  return { topics, startNs };
};
const network: typeof fetch = (input, init) => {
  const path = String(input);
  const method = path.slice(path.lastIndexOf('/') + 1);
  asked.push({ url: path, method, ...(method === 'Query' ? queryOf(init?.body as Uint8Array) : { topics: [], startNs: 0n }) });
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
async function leave({ topic, say }: Invited, text: string, hours: bigint): Promise<void> {
  const at = nowNs() - hours * hourNs;
  const { message } = await say(text, carol.bundle, at);
  await clientOf(node.url, carol).publish([envelope(topic, message, at)]);
}

async function known(): Promise<{ readonly invited: Invited; readonly id: string }> {
  const invited = await invite(node.url, carol, bob.address);
  await bob.life.resume();
  const { id } = await conversationWith(bob.life, carol.address);
  await rest();
  return { invited, id };
}

const shown = (id: string, expected: readonly string[]) =>
  until(async () => (await texts(bob.life, id)).join() === expected.map((text) => `peer: ${text}`).join(), expected.join());

/** Does something while nothing of Bob's lives, so that no stream brings it; what is asked from then on is noted anew. */
async function away(work: () => Promise<void>, options: StartOptions = {}): Promise<void> {
  bob.life.kill();
  await work();
  asked.length = 0;
  bob = { ...bob, life: await wake(bob.device, { fetch: network, ...options }) };
}

describe('catching up in the order of the node', () => {
  it('finds what was left at the next look, whatever time it bears', async () => {
    const { invited, id } = await known();
    await away(async () => {
      await leave(invited, 'deep', 90n);
      await leave(invited, 'slow', 20n);
      await leave(invited, 'now', 0n);
    });
    await shown(id, ['deep', 'slow', 'now']);
    const others = [invited.topic, inviteTopic(parseAddress(bob.address))];
    expect(asked.filter(({ topics }) => topics.some((topic) => others.includes(topic)))).toEqual([]);
  });

  it('finds an invitation from deep in the past, and what was said in it', async () => {
    await rest();
    await away(async () => {
      const invited = await invite(node.url, carol, bob.address, { createdNs: nowNs() - 90n * hourNs });
      await leave(invited, 'old news', 89n);
    });
    const { id } = await conversationWith(bob.life, carol.address);
    await shown(id, ['old news']);
  });

  it('asks for nothing twice: what was taken before is not sent again, also to a background that has died', async () => {
    const { invited, id } = await known();
    await away(() => leave(invited, 'one', 1n));
    await shown(id, ['one']);
    await rest();
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
    await away(async () => undefined, { fetch: counting });
    await until(() => bytes > 0, 'an answer');
    await rest();
    // That two or three streams are open, and that there is nothing: no envelope has room in it.
    expect(bytes).toBeLessThan(200);
  });

  it('is asked by times where its order cannot be had any more, and by its order again later', async () => {
    const { invited, id } = await known();
    await away(async () => {
      fails = (path) => /\/Follow$/.test(path);
      await leave(invited, 'now', 0n);
      await leave(invited, 'deep', 90n);
    });
    await shown(id, ['now']);
    await until(() => asked.some(({ method }) => method === 'Subscribe'), 'the other stream');
    await leave(invited, 'live', 0n);
    await shown(id, ['now', 'live']);
    await away(async () => {
      fails = () => false;
    });
    await shown(id, ['deep', 'now', 'live']);
  });

  it('reads everything from the beginning where the node has another store', async () => {
    const { invited, id } = await known();
    await away(() => leave(invited, 'before', 1n));
    await shown(id, ['before']);
    await rest();
    await away(async () => {
      const port = Number(new URL(node.url).port);
      await node.close();
      node = await startNode({ compat: true, port });
      // Somebody brought back what she had: more of it than Bob was ever shown.
      await leave(invited, 'kept', 90n);
      await leave(invited, 'deep', 80n);
    });
    await shown(id, ['kept', 'deep', 'before']);
    await rest();
    // And goes on in the order of this one.
    await away(() => leave(invited, 'deeper', 100n));
    await shown(id, ['deeper', 'kept', 'deep', 'before']);
  });

  it('hears of what comes by a stream in that order, and begins another when it falls silent', async () => {
    const { invited, id } = await known();
    await away(async () => undefined);
    await until(() => asked.filter(({ method }) => method === 'Follow').length === 2, 'both');
    await rest();
    await leave(invited, 'live', 50n);
    await shown(id, ['live']);
    expect(asked.filter(({ method }) => method === 'Subscribe')).toEqual([]);
    asked.length = 0;
    await node.close();
    node = await startNode({ compat: true, port: Number(new URL(node.url).port) });
    await until(() => asked.some(({ method }) => method === 'Follow'), 'another stream');
  });

  it('follows another conversation without asking where the order ends, which it was told just now', async () => {
    await known();
    asked.length = 0;
    const dave = keysOf('Dave');
    const invited = await invite(node.url, dave, bob.address);
    const { id } = await conversationWith(bob.life, dave.address);
    await until(() => asked.some(({ method }) => method === 'Follow'), 'another stream');
    await rest();
    const { message } = await invited.say('live', dave.bundle, nowNs());
    await clientOf(node.url, dave).publish([envelope(invited.topic, message, nowNs())]);
    await shown(id, ['live']);
    expect(asked.filter(({ method }) => method === 'Info' || method === 'Subscribe')).toEqual([]);
  });

  it('does not read everything at every look because a node has another store at every look', async () => {
    const { invited, id } = await known();
    const port = Number(new URL(node.url).port);
    const readings: boolean[] = [];
    for (const text of ['one', 'two', 'three']) {
      await rest();
      await away(async () => {
        await node.close();
        node = await startNode({ compat: true, port });
        await leave(invited, text, 0n);
      });
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

  it('notes no place after a first reading that a lock broke off', async () => {
    fails = (path) => /parley\.node/.test(path);
    const dora = await newPerson(node.url, { fetch: network });
    await dora.life.resume();
    await rest();
    dora.life.kill();
    fails = () => false;
    await invite(node.url, carol, dora.address);
    const own = inviteTopic(parseAddress(dora.address));
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    let held = false;
    const gated: typeof fetch = async (input, init) => {
      if (/\/Query$/.test(String(input)) && queryOf(init?.body as Uint8Array).topics.includes(own) && !held) {
        held = true;
        await gate;
      }
      return network(input, init);
    };
    const life = await wake(dora.device, { fetch: gated });
    await until(() => held, 'the question for invitations');
    await life.services.accounts.lock();
    open();
    await rest();
    await life.services.accounts.unlock(passphrase);
    await life.resume();
    await until(async () => (await life.services.conversations.list({})).rows.some(({ peer }) => peer === carol.address), 'hers', 10_000);
    await dora.device.close();
  });

  it('loses nothing when the background dies with half of it taken', async () => {
    const { invited, id } = await known();
    bob.life.kill();
    for (let each = 0; each < 5; each++) await leave(invited, `deep ${each}`, 99n - BigInt(each));
    for (const dieAt of ['sync:page', 'sync:appended']) {
      const life = await bob.device.start({ fetch: network, dieAt });
      await Promise.race([life.resume(), life.died]);
      await life.died;
      life.kill();
    }
    await away(async () => undefined);
    await shown(id, ['deep 0', 'deep 1', 'deep 2', 'deep 3', 'deep 4']);
  });
});
