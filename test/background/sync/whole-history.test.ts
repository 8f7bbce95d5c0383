import { afterEach, beforeEach, expect, it } from 'vitest';
import { type RunningNode, startNode } from '../../../src/node/start-node.ts';
import { clientOf, envelope, invite, nowNs, reasons } from '../../support/hands.ts';
import { person as keysOf } from '../../support/people.ts';
import { conversationWith, type Life, newPerson, type Person, passphrase, texts, until, wake } from '../device.ts';

let node: RunningNode;
let bob: Person;
const [carol, dave, stranger] = [keysOf('Carol'), keysOf('Dave'), keysOf('a stranger')];

beforeEach(async () => {
  node = await startNode({ compat: true });
  bob = await newPerson(node.url);
  bob.life.kill();
});
afterEach(async () => {
  await bob.device.close();
  await node.close();
});

/** Says so much in a conversation, and answers what a device is to show of it; one word in it is not by who it should be. */
async function say(by: typeof carol, count: number) {
  const invited = await invite(node.url, by, bob.address);
  const said = Array.from({ length: count }, (_, index) => `${by.name} ${index}`);
  const first = nowNs() - BigInt(count) * 1_000_000n;
  const envelopes = [];
  for (const [index, text] of said.entries()) {
    const at = first + BigInt(index) * 1_000_000n;
    envelopes.push(envelope(invited.topic, (await invited.say(text, by.bundle, at)).message, at));
  }
  const at = first + 500_000n;
  envelopes.splice(1, 0, envelope(invited.topic, (await invited.say('not by me', stranger.bundle, at)).message, at));
  for (let from = 0; from < envelopes.length; from += 50) await clientOf(node.url, by).publish(envelopes.slice(from, from + 50));
  return { peer: by.address, topic: invited.topic, said: said.map((text) => `peer: ${text}`) };
}

it('a history is there once and in its order, wherever the background died while it read, and also when it is read again', async () => {
  const expected = [await say(carol, 130), await say(dave, 3)];
  const deaths = [
    { dieAt: 'sync:filling', nth: 2 },
    { dieAt: 'reader:read', nth: 2 },
    { dieAt: 'reader:written', nth: 2 },
    { dieAt: 'sync:filled', nth: 1 },
  ];
  for (const death of deaths) {
    const doomed = await wake(bob.device, death);
    await doomed.died;
    doomed.kill();
  }
  const whole = async (life: Life): Promise<void> => {
    for (const { peer, said } of expected) {
      const { id } = await conversationWith(life, peer);
      await until(async () => (await texts(life, id)).length >= said.length, 'the history');
      expect(await texts(life, id)).toEqual(said);
    }
    expect(await reasons(bob.address)).toEqual(['wrong-sender', 'wrong-sender']);
  };
  const life = await wake(bob.device);
  await whole(life);
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  life.kill();

  // All of it is read again once a week. By then it is locked.
  const later = Date.now() + 8 * 86_400_000;
  let asked = 0;
  const again = await bob.device.start({
    clock: () => later,
    fetch: async (input, init) => {
      const body = Buffer.from((init?.body as Uint8Array | undefined) ?? []).toString('latin1');
      const response = await fetch(input, init);
      if (/\/Query$/.test(String(input)) && expected.every(({ topic }) => body.includes(topic))) asked += 1;
      return response;
    },
  });
  await again.services.accounts.unlock(passphrase);
  await again.resume();
  await until(() => asked >= 2, 'another reading');
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  await whole(again);
});
