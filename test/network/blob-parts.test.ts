import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { getBlob } from '../../src/network/blobs.ts';
import type { Fetch } from '../../src/network/limited-fetch.ts';
import { createNodeClient, type PutOptions } from '../../src/network/node-client.ts';
import { type NodeOptions, type RunningNode, startNode } from '../../src/node/start-node.ts';
import { createAuthToken } from '../../src/protocol/auth-token.ts';
import { toHex } from '../../src/protocol/bytes.ts';
import { sha256 } from '../../src/protocol/hash.ts';
import { alice } from '../support/people.ts';

const token = createAuthToken(alice.bundle);
const bytes = Uint8Array.from({ length: 1_500_000 }, (_, i) => (i * 2_654_435_761) >>> 13);
const digest = toHex(sha256(bytes));

let data: string;
let node: RunningNode;
/** What went to the node, in order. */
let asked: string[];
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'parley-put-parts-'));
  node = await startNode({ data });
  asked = [];
});
afterEach(async () => {
  await node.close();
  await rm(data, { recursive: true, force: true });
});

/** Puts it by a client whose requests go through `way`. */
function put(way: Fetch = fetch, options: PutOptions = {}, authToken: () => string | null = () => token, onTokenRefused?: () => void) {
  const client = createNodeClient(node.url, {
    authToken,
    ...(onTokenRefused && { onTokenRefused }),
    fetch: (input, init) => {
      asked.push(`${init?.method} ${String(input).split('/blob/')[1]?.slice(64)}`);
      return way(input, init);
    },
  });
  return client.putBlob(digest, bytes, options);
}
const lies = async (): Promise<boolean> => {
  const found = await getBlob(`${node.url}/blob/${digest}`, { bytes: bytes.length });
  return found !== null && Buffer.from(found).equals(Buffer.from(bytes));
};
const parts = (): string[] => asked.filter((each) => each.startsWith('PATCH'));
const unfinished = (): Promise<string[]> => readdir(join(data, 'blobs', 'parts'));
const reason = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: { reason: string }) => error.reason,
  );

describe('a file that is put in parts', () => {
  test('tells how much of it has come, up to all of it', async () => {
    const told: number[] = [];
    expect(await put(fetch, { progress: (length) => told.push(length) })).toBe(`${node.url}/blob/${digest}`);
    expect(await lies()).toBe(true);
    expect(told[0]).toBe(0);
    expect(told.at(-1)).toBe(bytes.length);
    expect(told).toEqual([...told].sort((a, b) => a - b));
    expect(told.length).toBeGreaterThan(3);
    expect([asked[0], asked.at(-1)]).toEqual([`POST /parts?size=${bytes.length}`, 'PUT /parts']);
  });

  test('goes on from what the node has, where the one who sent it died', async () => {
    let count = 0;
    const dies: Fetch = (input, init) => {
      if (init?.method === 'PATCH' && ++count > 2) return new Promise(() => undefined);
      return fetch(input, init);
    };
    void put(dies).catch(() => undefined);
    await expect.poll(() => parts().length).toBe(3);
    const [before] = [asked];
    asked = [];
    const told: number[] = [];
    await put(fetch, { progress: (length) => told.push(length) });
    expect(told[0]).toBeGreaterThan(0);
    expect(parts()[0]).toBe(before.at(-1));
    expect(await lies()).toBe(true);
  });

  test('goes on over lost connections, a node that is started again, and what a proxy says of it', async () => {
    let count = 0;
    const bad: Fetch = async (input, init) => {
      count++;
      if (count === 3) throw new TypeError('the connection is gone');
      if (count === 6) return new Response('bad gateway', { status: 502 });
      if (count === 9) {
        await fetch(input, init);
        throw new TypeError('the answer is lost');
      }
      return fetch(input, init);
    };
    await put(bad);
    expect(await lies()).toBe(true);
    expect(asked.filter((each) => each.startsWith('POST')).length).toBe(4);
  }, 30_000);

  /** What stands before the node takes no larger bodies. */
  const mostOf =
    (most: number): Fetch =>
    async (input, init) =>
      init?.method === 'PATCH' && (init.body as Blob).size > most ? new Response('too large', { status: 413 }) : fetch(input, init);

  test('goes in smaller parts where a proxy takes no larger ones', async () => {
    await put(mostOf(300_000));
    expect(await lies()).toBe(true);
    // What is known of it by then is not tried out again and again.
    expect(parts().length - new Set(parts()).size).toBe(1);
  });

  test('is too large where not even the smallest part is taken', async () => {
    await expect(put(mostOf(1000))).rejects.toMatchObject({ name: 'TooLargeError', reason: 'refused' });
    expect(parts()).toHaveLength(1);
  });

  test('is begun again where the node has forgotten it', async () => {
    let forgotten = false;
    const forgets: Fetch = async (input, init) => {
      if (parts().length === 3 && !forgotten) {
        forgotten = true;
        await fetch(`${node.url}/blob/${digest}/parts`, { method: 'DELETE', headers: { authorization: `Bearer ${token}` } });
      }
      return fetch(input, init);
    };
    await put(forgets);
    expect(parts().filter((each) => each.endsWith('at=0'))).toHaveLength(2);
    expect(await lies()).toBe(true);
  });

  test('is not sent where the node has it already', async () => {
    await put();
    asked = [];
    await put();
    expect(asked).toEqual([`POST /parts?size=${bytes.length}`]);
  });

  test('takes a new token where the node does not take the first, at whatever step', async () => {
    const tokens = ['bm9uc2Vuc2U=', token];
    await put(
      fetch,
      {},
      () => tokens[0] ?? null,
      () => tokens.shift(),
    );
    expect(await lies()).toBe(true);
    expect(await reason(put(fetch, {}, () => 'bm9uc2Vuc2U='))).toBe('unauthorised');
  });

  test('that is called off is forgotten by the node too', async () => {
    const control = new AbortController();
    const holds: Fetch = (input, init) => {
      if (parts().length < 3 || init?.method !== 'PATCH') return fetch(input, init);
      return new Promise((_, reject) => init?.signal?.addEventListener('abort', () => reject(init.signal?.reason)));
    };
    const putting = reason(put(holds, { signal: control.signal }));
    await expect.poll(() => parts().length).toBe(3);
    expect(await unfinished()).toHaveLength(1);
    control.abort();
    expect(await putting).not.toBe('done');
    expect(asked.at(-1)).toBe('DELETE /parts');
    expect(await unfinished()).toEqual([]);
  });

  test('that is called off while the node is away ends all the same', async () => {
    const control = new AbortController();
    const away: Fetch = async () => {
      throw new TypeError('away');
    };
    const putting = reason(put(away, { signal: control.signal }));
    await expect.poll(() => asked.length).toBeGreaterThan(0);
    control.abort();
    expect(await putting).toBe('unreachable');
  });

  test('is done also where the browser has a stream for an answer without a body', async () => {
    const asBrowsers: Fetch = async (input, init) => {
      const response = await fetch(input, init);
      return response.status === 204 ? Object.defineProperty(response, 'body', { value: new ReadableStream() }) : response;
    };
    await put(asBrowsers);
    expect([await lies(), asked.filter((each) => each.startsWith('PUT'))]).toEqual([true, ['PUT /parts']]);
  });

  test('that is smaller than a part is put at once', async () => {
    const small = bytes.subarray(0, 1000);
    const client = createNodeClient(node.url, {
      authToken: () => token,
      fetch: (input, init) => {
        asked.push(String(init?.method));
        return fetch(input, init);
      },
    });
    await client.putBlob(toHex(sha256(small)), small);
    expect(asked).toEqual(['PUT']);
  });
});

describe('a node that takes no parts', () => {
  test.each([400, 404, 405, 501])('and says so by %s gets the file at once', async (status) => {
    const told: number[] = [];
    const older: Fetch = async (input, init) => (String(input).includes('/parts') ? new Response('{}', { status }) : fetch(input, init));
    await put(older, { progress: (length) => told.push(length) });
    expect(asked).toEqual([`POST /parts?size=${bytes.length}`, 'PUT ']);
    expect([await lies(), told]).toEqual([true, []]);
  });
});

describe('a node that is not as it should be', () => {
  const answering = (method: string, answer: () => Response): Fetch => {
    return async (input, init) => (init?.method === method ? answer() : fetch(input, init));
  };

  test.each([
    ['tells nothing', () => new Response('')],
    ['tells a page', () => new Response('<html>')],
    ['has more than there is', () => Response.json({ held: bytes.length + 1, part: 100_000 })],
    ['has less than nothing', () => Response.json({ held: -1, part: 100_000 })],
    ['takes parts of nothing', () => Response.json({ held: 0, part: 0 })],
    ['tells more than an answer may have', () => new Response(new Uint8Array(9_000_000))],
  ])('and %s is told apart at once', async (_, answer) => {
    expect(await reason(put(answering('POST', answer)))).toBe('wrong');
    expect(asked).toHaveLength(1);
  });

  test('and never comes on is given up', async () => {
    const circles = answering('PATCH', () => new Response('{}', { status: 409 }));
    expect(await reason(put(circles))).toBe('failed');
    expect(asked.length).toBeLessThan(20);
  });

  test('and says that it has what it was not sent is told apart', async () => {
    const lying = answering('PATCH', () => Response.json({ held: bytes.length, part: 100_000 }));
    expect(await reason(put(lying))).toBe('wrong');
  });
});

describe('limits', () => {
  const withLimits = async (limits: NodeOptions['limits']): Promise<void> => {
    await node.close();
    node = await startNode({ data, ...(limits && { limits }) });
  };

  test('of a day are said before anything is sent', async () => {
    await withLimits({ blobDailyBytes: 1_000_000 });
    expect(await reason(put())).toBe('limited');
    expect(asked).toHaveLength(1);
  });

  test('that are over in a moment are waited for', async () => {
    let refused = 0;
    const busy: Fetch = async (input, init) => {
      if (init?.method === 'PATCH' && refused++ === 0) return new Response('{}', { status: 429, headers: { 'retry-after': '1' } });
      return fetch(input, init);
    };
    await put(busy);
    expect(await lies()).toBe(true);
  });
});
