import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { BlobCopies, type BlobCopiesOptions, type BlobSource } from '../../src/node/blob-copies.ts';
import { defaultLimits } from '../../src/node/limits.ts';
import { createLog } from '../../src/node/log.ts';
import { type NodeOptions, type RunningNode, startNode } from '../../src/node/start-node.ts';
import { digestIn, digestOf, getBlob, putBlob, statusOf } from './blob-calls.ts';
import { until } from './relay/network.ts';

const root = mkdtempSync(join(tmpdir(), 'parley-copies-'));
const nodes: RunningNode[] = [];
afterEach(async () => {
  await Promise.all(nodes.splice(0).map((node) => node.close()));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const folder = (): string => mkdtempSync(join(root, 'node-'));
let made = 0;

/** Another node as a list of what it says it has, and what it sends. */
function source(
  has: Readonly<Record<string, { readonly size?: number; readonly ageMs?: number; readonly bytes: Buffer | Error }>>,
): BlobSource & { asked: string[] } {
  const asked: string[] = [];
  return {
    name: `other ${++made}`,
    asked,
    async find(digest) {
      asked.push(digest);
      const found = has[digest];
      if (found?.bytes instanceof Error) throw found.bytes;
      return found ? { size: found.size ?? found.bytes.length, ageMs: found.ageMs ?? 0 } : null;
    },
    async *read(digest) {
      const bytes = has[digest]?.bytes as Buffer;
      for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000);
    },
  };
}

const copiesOf = (sources: readonly BlobSource[], more: Partial<BlobCopiesOptions> = {}) => {
  const outcomes: string[] = [];
  const options: BlobCopiesOptions = {
    folder: folder(),
    blobBytes: 100_000,
    copyBytes: 250_000,
    days: 90,
    sources: () => sources,
    log: createLog('silent'),
    clock: Date.now,
    onAsked: (outcome) => outcomes.push(outcome),
    ...more,
  };
  return { copies: new BlobCopies(options), outcomes, options };
};
const read = async (copies: BlobCopies, digest: string): Promise<Buffer> => {
  const pieces: Buffer[] = [];
  for await (const piece of copies.read(digest)) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
};

describe('an attachment of another node', () => {
  const bytes = randomBytes(90_000);
  const digest = digestOf(bytes);

  test('is fetched once for all who ask at the same time, and is there over a restart', async () => {
    const other = source({ [digest]: { bytes } });
    const { copies, options } = copiesOf([source({}), other]);
    expect(await Promise.all([1, 2, 3].map((network) => copies.look(digest, String(network))))).toEqual([90_000, 90_000, 90_000]);
    expect(other.asked).toHaveLength(1);
    expect(await read(copies, digest)).toEqual(bytes);
    copies.close();
    writeFileSync(join(options.folder, 'incoming-1'), 'what was under way');
    const again = new BlobCopies(options);
    expect([again.has(digest), again.bytes, readdirSync(options.folder)]).toEqual([90_000, 90_000, [digest]]);
    again.close();
  });

  test('is taken only when it is what its name says, from whoever has it so', async () => {
    const wrong = [
      source({ [digest]: { size: 90_000, bytes: randomBytes(90_000) } }),
      source({ [digest]: { size: 80_000, bytes } }),
      source({ [digest]: { size: 95_000, bytes } }), // readers would wait for the rest
      source({ [digest]: { size: 90_000, bytes: bytes.subarray(1) } }),
      source({ [digest]: { bytes: Buffer.concat([bytes, bytes]) } }), // more than one may have
    ];
    const { copies, options, outcomes } = copiesOf(wrong);
    await expect(copies.look(digest, 'a')).rejects.toThrow('does not answer');
    expect([copies.has(digest), copies.bytes, readdirSync(options.folder)]).toEqual([null, 0, []]);
    const { copies: better } = copiesOf([...wrong, source({ [digest]: { bytes } })]);
    expect(await better.look(digest, 'a')).toBe(90_000);
    expect(outcomes).toEqual(['failed']);
  });

  test('that nobody has is not looked for again at once; that somebody did not answer is no word that there is none', async () => {
    let nowMs = 1_000_000;
    const other = source({});
    const { copies, outcomes } = copiesOf([other], { clock: () => nowMs });
    expect([await copies.look(digest, 'a'), await copies.look(digest, 'a')]).toEqual([null, null]);
    expect(other.asked).toHaveLength(1);
    nowMs += 31_000;
    await copies.look(digest, 'a');
    expect(other.asked).toHaveLength(2);
    const silent = source({ [digest]: { bytes: new Error('away') } });
    const { copies: unsure } = copiesOf([other, silent]);
    for (let n = 0; n < 2; n++)
      await expect(unsure.look(digest, 'a')).rejects.toMatchObject({ rawMessage: expect.stringContaining('try again') });
    expect(silent.asked).toHaveLength(2);
    expect(outcomes).toEqual(['absent', 'absent']);
  });

  test('makes way when there is no more room, the one first that was not asked for the longest time, and goes when it is old', async () => {
    let nowMs = Date.now();
    const all = [1, 2, 3].map(() => randomBytes(90_000));
    const { copies } = copiesOf([source(Object.fromEntries(all.map((each) => [digestOf(each), { bytes: each }])))], { clock: () => nowMs });
    const [one, two, three] = all.map(digestOf) as [string, string, string];
    await copies.look(one, 'a');
    await copies.look(two, 'a');
    copies.has(one);
    await copies.look(three, 'a');
    expect([copies.has(one), copies.has(two), copies.has(three)]).toEqual([90_000, null, 90_000]);
    expect(copies.bytes).toBe(180_000);
    nowMs += 91 * 86_400_000;
    await copies.sweep();
    expect([copies.has(one), copies.bytes]).toEqual([null, 0]);
  });

  test('goes when that goes which it is a copy of, and is not taken when it would have gone', async () => {
    let nowMs = Date.now();
    const old = randomBytes(10);
    const other = source({ [digest]: { bytes, ageMs: 89 * 86_400_000 }, [digestOf(old)]: { bytes: old, ageMs: 91 * 86_400_000 } });
    const { copies, options } = copiesOf([other], { clock: () => nowMs });
    expect([await copies.look(digest, 'a'), await copies.look(digestOf(old), 'a')]).toEqual([90_000, null]);
    const again = new BlobCopies(options);
    nowMs += 1.5 * 86_400_000;
    expect([copies.has(digest), again.has(digest)]).toEqual([null, null]);
  });

  test('is not asked for at a node that has just sent something else', async () => {
    let nowMs = 1_000_000;
    const liar = source({ [digest]: { size: 90_000, bytes: randomBytes(90_000) } });
    const { copies } = copiesOf([liar], { clock: () => nowMs });
    for (let n = 0; n < 3; n++) await expect(copies.look(digest, 'a')).rejects.toThrow('does not answer');
    expect(liar.asked).toHaveLength(1);
    nowMs += 61_000;
    await expect(copies.look(digest, 'a')).rejects.toThrow('does not answer');
    expect(liar.asked).toHaveLength(2);
  });

  test('comes from the next one when the first that has it holds it back, and leaves nothing of the first', async () => {
    const held = source({ [digest]: { bytes } });
    const holding: BlobSource = {
      ...held,
      async *read(name) {
        held.asked.push(name);
        yield Buffer.alloc(1000);
        await new Promise(() => {});
      },
    };
    const good = source({ [digest]: { bytes } });
    const { copies, options, outcomes } = copiesOf([holding, good], { nextMs: 50 });
    expect(await copies.look(digest, 'a')).toBe(90_000);
    expect(await read(copies, digest)).toEqual(bytes);
    await until('nothing else is there', () => readdirSync(options.folder).length === 1);
    expect(outcomes).toEqual(['fetched']);
    copies.close();
  });

  /** What it sends is up to whoever holds the other end. */
  const held = (size: number) => {
    const ends = new Map<string, (bytes: Buffer) => void>();
    const holding: BlobSource = {
      name: `held ${++made}`,
      find: async () => ({ size, ageMs: 0 }),
      async *read(name) {
        yield await new Promise<Buffer>((resolve) => ends.set(name, resolve));
      },
    };
    return { holding, ends };
  };
  const names = (count: number) => Array.from({ length: count }, (_, n) => digestOf(Buffer.from(`one ${n}`)));

  test('comes from one node while another one holds back as many as it may', async () => {
    const { holding, ends } = held(1000);
    const good: BlobSource = source({ [digest]: { bytes } });
    const { copies } = copiesOf([holding, good]);
    const refused: string[] = [];
    const looks = names(8).map((name) => copies.look(name, 'a').catch((error: Error) => refused.push(error.message)));
    await until('it gives four and is not asked for more', () => ends.size === 4 && refused.length === 4);
    expect(new Set(refused)).toEqual(new Set([expect.stringContaining('does not answer')]));
    expect(await copies.look(digest, 'b')).toBe(90_000);
    expect(refused).toHaveLength(4);
    for (const end of ends.values()) end(Buffer.alloc(1));
    await Promise.all(looks);
    copies.close();
  });

  test('comes from one node while two others hold back as many as they may together', async () => {
    const [first, second] = [held(1000), held(1000)];
    const good: BlobSource = source({ [digest]: { bytes } });
    const { copies } = copiesOf([first.holding, second.holding, good]);
    const refused: string[] = [];
    const looks = names(8).map((name) => copies.look(name, 'a').catch((error: Error) => refused.push(error.message)));
    await until('seven are held back, one is not', () => first.ends.size + second.ends.size === 7 && refused.length === 1);
    expect(await copies.look(digest, 'b')).toBe(90_000);
    for (const { ends } of [first, second]) for (const end of ends.values()) end(Buffer.alloc(1));
    await Promise.all(looks);
    copies.close();
  });

  test('of a node that is alone comes as many at once as there is room for', async () => {
    const { holding, ends } = held(1000);
    const { copies } = copiesOf([holding]);
    const looks = names(8).map((name) => copies.look(name, 'a').catch(() => null));
    await until('it gives all', () => ends.size === 8);
    for (const end of ends.values()) end(Buffer.alloc(1));
    await Promise.all(looks);
    copies.close();
  });

  test('is given up with all that a node gives when that has sent something else, which is believed less each time', async () => {
    let nowMs = 1_000_000;
    const { holding, ends } = held(1000);
    const { copies, options } = copiesOf([holding], { clock: () => nowMs });
    const [one, two] = names(2) as [string, string];
    const looks = [one, two].map((name) => copies.look(name, 'a').catch((error: Error) => error.message));
    await until('it gives both', () => ends.size === 2);
    ends.get(one)?.(randomBytes(1000));
    expect(await Promise.all(looks)).toEqual(Array(2).fill(expect.stringContaining('does not answer')));
    await until('nothing is left', () => readdirSync(options.folder).length === 0);
    ends.clear();
    const asked = async (): Promise<boolean> => {
      const before = ends.size;
      const look = copies.look(one, 'a').catch(() => null);
      await Promise.race([look, until('it gives it', () => ends.size > before)]);
      if (ends.size === before) return false;
      ends.get(one)?.(randomBytes(1000));
      await look;
      ends.clear();
      return true;
    };
    const waits: boolean[] = [];
    for (const ms of [59_000, 2_000, 119_000, 2_000, 239_000, 2_000]) {
      nowMs += ms;
      waits.push(await asked());
    }
    expect(waits).toEqual([false, true, false, true, false, true]);
    copies.close();
  });

  test('is not looked for without end on behalf of one network', async () => {
    const { copies } = copiesOf([source({})], { clock: () => 1 });
    for (let n = 0; n < 200; n++) await copies.look(digestOf(Buffer.from([n])), 'a');
    await expect(copies.look(digest, 'a')).rejects.toThrow('exceeds rate limit of attachments of other nodes');
    expect(await copies.look(digest, 'b')).toBeNull();
  });
});

describe('nodes that share a store', () => {
  const start = async (options: NodeOptions = {}): Promise<RunningNode> => {
    const node = await startNode({ data: folder(), ...options });
    nodes.push(node);
    return node;
  };

  test('find the attachments of each other by their addresses, and ask no further', async () => {
    const a = await start();
    const b = await start({ blobPeers: [a.url] });
    const c = await start({ blobPeers: [b.url] });
    const bytes = randomBytes(300_000);
    const digest = digestOf(bytes);
    expect((await putBlob(a, bytes)).status).toBe(204);
    // What c asks b for, b does not fetch from a; once a reader of b had it, c gets it there.
    expect(await statusOf(getBlob(c, digest))).toBe(404);
    expect(await statusOf(getBlob(b, digest, { 'cache-control': 'only-if-cached' }))).toBe(404);
    expect(await digestIn(await getBlob(b, digest))).toBe(digest);
    expect((await fetch(`${b.url}/blob/${digest}`, { method: 'HEAD' })).headers.get('content-length')).toBe('300000');
    await a.close();
    expect(await digestIn(await getBlob(b, digest))).toBe(digest);
    const d = await start({ blobPeers: [b.url] });
    const aged = await fetch(`${b.url}/blob/${digest}`, { method: 'HEAD', headers: { 'cache-control': 'only-if-cached' } });
    expect([aged.status, Number(aged.headers.get('age'))]).toEqual([200, expect.toBeOneOf([0, 1, 2, 3, 4, 5])]);
    expect(await digestIn(await getBlob(d, digest))).toBe(digest);
    // One that does not answer may have what is asked for.
    const e = await start({ blobPeers: [a.url, b.url] });
    expect(await digestIn(await getBlob(e, digest))).toBe(digest);
    const missing = await getBlob(e, digestOf(Buffer.from('nothing')));
    await missing.arrayBuffer();
    expect([missing.status, missing.headers.get('retry-after')]).toEqual([503, '5']);
  });

  test('fetch none where the operator has no room for them', async () => {
    const a = await start();
    const b = await start({ blobPeers: [a.url], limits: { blobCopyBytes: 0 } });
    const bytes = randomBytes(1000);
    await putBlob(a, bytes);
    expect(await statusOf(getBlob(b, digestOf(bytes)))).toBe(404);
    expect(defaultLimits.blobCopyBytes).toBeGreaterThan(defaultLimits.blobBytes);
  });
});
