import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPublication, isPublished } from '../../../src/background/accounts/publication.ts';
import { encodeContact } from '../../../src/protocol/contact-bundle.ts';
import type { Envelope } from '../../../src/protocol/envelope.ts';
import { publicBundle } from '../../../src/protocol/private-keys.ts';
import { contactTopic, privateStoreTopic } from '../../../src/protocol/topic.ts';
import { alice } from '../../support/people.ts';
import { until } from '../device.ts';

const { address } = alice;
const mine = publicBundle(alice.bundle);
const backup = Uint8Array.of(1, 2, 3);
let life: AbortController;
beforeEach(() => {
  life = new AbortController();
});
afterEach(() => life.abort());

/** A node that says yes to everything, and forgets what `forgets` names by its number, from 0. `told`: it tells what becomes of both. */
function startUp(forgets: (envelope: number) => boolean, { told = false, settings = new Map<string, unknown>(), clock = Date.now } = {}) {
  const [asked, kept]: [Envelope[][], Envelope[]] = [[], []];
  const underWay: string[] = [];
  let [mostAtOnce, looks] = [0, 0];
  const records = {
    settings: {
      get: async (key: string) => settings.get(key),
      put: async (key: string, value: unknown) => void settings.set(key, value),
      delete: async (key: string) => void settings.delete(key),
    },
  } as unknown as Parameters<typeof createPublication>[0]['records'];
  const notHere = async (): Promise<never> => {
    throw new Error('not asked of a start');
  };
  const publication = createPublication({
    address,
    keystore: {
      publicBundle: () => mine,
      contactMessages: () => [encodeContact(mine, 1), encodeContact(mine, 2)],
      adoptPreKeys: async () => false,
      sealsBackups: () => true,
      isBackedUpBy: async (found) => found.length === backup.length,
      opens: async () => true,
      keyBackup: async () => backup,
      rotatePreKey: notHere,
    },
    records,
    node: {
      url: 'http://node.test',
      query: async ({ topics }) => {
        looks += 1;
        underWay.push(topics[0] ?? '');
        mostAtOnce = Math.max(mostAtOnce, underWay.length);
        await new Promise((later) => setTimeout(later, 5));
        underWay.pop();
        return {
          envelopes: kept.filter(({ contentTopic }) => topics.includes(contentTopic)).sort((a, b) => Number(b.timestampNs - a.timestampNs)),
          cursor: null,
        };
      },
      publish: async (envelopes) => {
        const before = asked.flat().length;
        asked.push([...envelopes]);
        kept.push(...envelopes.filter((_, position) => !forgets(before + position)));
      },
    },
    told: async () => told,
    clock,
    signal: life.signal,
    failpoint: async () => undefined,
    changed: () => undefined,
    adopted: () => undefined,
  });
  const isNoted = (): Promise<boolean> => isPublished(records, address, 'http://node.test');
  return { publication, asked, kept, settings, mostAtOnce: () => mostAtOnce, looks: () => looks, isNoted };
}

describe('contact and key backup', () => {
  it('are published once and by one request to a node that keeps them, the backup first', async () => {
    const { publication, asked, isNoted } = startUp(() => false);
    await publication.run();
    expect(asked.map((envelopes) => envelopes.map(({ contentTopic }) => contentTopic))).toEqual([
      [privateStoreTopic(address), contactTopic(address), contactTopic(address)],
    ]);
    expect(await isNoted()).toBe(true);
  });

  it('are noted when the node has said yes, before it is looked at again', async () => {
    const { publication, asked, isNoted, looks } = startUp(() => false);
    const done = publication.run();
    await until(isNoted, 'the note');
    expect([asked.length, looks()]).toEqual([1, 4]);
    await done;
  });

  it('are looked for at once: a start does not wait for the one and then for the other', async () => {
    const { publication, mostAtOnce } = startUp(() => false);
    await publication.run();
    expect(mostAtOnce()).toBe(2);
  });

  it.each([
    ['the backup', [0], privateStoreTopic(address)],
    ['the contact', [1, 2], contactTopic(address)],
  ])('are owed still to a node that took %s and does not have it, and are published again', async (_, lost, topic) => {
    const { publication, asked, isNoted } = startUp((envelope) => lost.includes(envelope));
    await publication.run();
    expect(asked).toHaveLength(1);
    expect(await isNoted()).toBe(false);
    await until(isNoted, 'the second try');
    expect(asked).toHaveLength(2);
    expect(asked[1]?.every(({ contentTopic }) => contentTopic === topic)).toBe(true);
  });

  describe('at a node that tells what becomes of them', () => {
    const hourMs = 3_600_000;
    /** A start, the disk and the node as they are. */
    async function again({ told = true, after = 0, forget = false } = {}) {
      const first = startUp(() => false, { told: true, clock: () => 0 });
      await first.publication.run();
      const second = startUp(() => false, { told, settings: first.settings, clock: () => after });
      if (!forget) second.kept.push(...first.kept);
      await second.publication.run();
      return second;
    }

    it('are not looked for at each start, but once a day', async () => {
      expect((await again()).looks()).toBe(0);
      expect((await again({ after: 23 * hourMs })).looks()).toBe(0);
      expect((await again({ after: 25 * hourMs })).looks()).toBe(2);
      expect((await again({ told: false })).looks()).toBe(2);
    });

    it('are looked for at the next start where they were published and never seen', async () => {
      const first = startUp(() => false, { told: true });
      first.settings.set(`published ${address}`, ['http://node.test']);
      await first.publication.run();
      expect(first.looks()).toBe(4);
    });

    it('are looked for when the node has another store, also after a death before that', async () => {
      const { publication, asked, looks, settings } = await again({ forget: true });
      await publication.lookAgain();
      expect((settings.get(`seen ${address}`) as object | undefined) ?? {}).toEqual({});
      await until(() => asked.length === 1, 'the publishing');
      expect(looks()).toBeGreaterThanOrEqual(2);
    });

    it('are looked for when somebody else published there, and not when it is told of our own', async () => {
      const { publication, kept, looks } = await again();
      await publication.take(kept);
      await publication.take([{ contentTopic: '/xmtp/0/m-other/proto', timestampNs: 1n, message: Uint8Array.of(9) }]);
      expect(looks()).toBe(0);
      for (const contentTopic of [privateStoreTopic(address), contactTopic(address)]) {
        const before = looks();
        await publication.take([{ contentTopic, timestampNs: 1n, message: Uint8Array.of(9, 9) }]);
        await until(() => looks() === before + 2, 'the look');
        await publication.run();
      }
    });
  });
});
