import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPublication, isPublished } from '../../../src/background/accounts/publication.ts';
import { encodeContact } from '../../../src/protocol/contact-bundle.ts';
import type { Envelope } from '../../../src/protocol/envelope.ts';
import { publicBundle } from '../../../src/protocol/private-keys.ts';
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

/** A node that says yes to everything, and forgets what `forgets` names by its number, from 0. */
function startUp(forgets: (publish: number) => boolean) {
  const [asked, kept]: [Envelope[][], Envelope[]] = [[], []];
  const settings = new Map<string, unknown>();
  const underWay: string[] = [];
  let mostAtOnce = 0;
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
        asked.push([...envelopes]);
        if (!forgets(asked.length - 1)) kept.push(...envelopes);
      },
    },
    clock: Date.now,
    signal: life.signal,
    failpoint: async () => undefined,
    changed: () => undefined,
    adopted: () => undefined,
  });
  return { publication, asked, mostAtOnce: () => mostAtOnce, isNoted: () => isPublished(records, address, 'http://node.test') };
}

describe('contact and key backup', () => {
  it('are published once to a node that keeps them', async () => {
    const { publication, asked, isNoted } = startUp(() => false);
    await publication.run();
    expect(asked).toHaveLength(2);
    expect(await isNoted()).toBe(true);
  });

  it('are looked for at once: a start does not wait for the one and then for the other', async () => {
    const { publication, mostAtOnce } = startUp(() => false);
    await publication.run();
    expect(mostAtOnce()).toBe(2);
  });

  it.each([
    ['the backup', 0],
    ['the contact', 1],
  ])('are owed still to a node that took %s and does not have it, and are published again', async (_, lost) => {
    const { publication, asked, isNoted } = startUp((publish) => publish === lost);
    await publication.run();
    expect(asked).toHaveLength(2);
    expect(await isNoted()).toBe(false);
    await until(isNoted, 'the second try');
    expect(asked).toHaveLength(3);
    expect(asked[2]?.[0]?.contentTopic).toBe(asked[lost]?.[0]?.contentTopic);
  });
});
