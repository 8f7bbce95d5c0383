import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { packAppends, packOutcomes, unpackAppends, unpackOutcomes } from '../../src/node/store/batch.ts';
import { openDatabase } from '../../src/node/store/driver.ts';
import { openSqliteStore } from '../../src/node/store/sqlite.ts';
import { type CommittedEnvelope, type NewEnvelope, NotNewerError, type Store } from '../../src/node/store/store.ts';
import { utf8 } from '../../src/protocol/bytes.ts';
import { root } from '../cli/processes.ts';
import { smallDisk } from '../support/small-disk.ts';
import { storeSuite } from './store-suite.ts';

const thread = join(root, 'dist/node/writer.js');
const parent = mkdtempSync(join(tmpdir(), 'parley-thread-'));
afterAll(() => rmSync(parent, { recursive: true, force: true }));
let folders = 0;
const folder = (): string => join(parent, String(folders++));

storeSuite('a file, written by a thread', (onCommitted, clock) => openSqliteStore({ data: folder(), onCommitted, clock, thread }), 12);

describe('a store that a thread writes', () => {
  const query = { topics: ['t'], startNs: 0n, endNs: 0n, limit: 100, ascending: true };
  const envelope = (n: number, text = `row ${n}`): NewEnvelope => ({ topic: 't', timestampNs: BigInt(n), message: utf8(text) });

  test('gives the log back however much is read meanwhile', async () => {
    const data = folder();
    const store = openSqliteStore({ data, thread });
    for (let n = 0; n < 40; n++) {
      await store.append([envelope(n, 'x'.repeat(20_000))]);
      await store.query(query);
      await store.page(0, 10);
      for await (const _ of store.since({ topics: ['t'], after: 0, upTo: 5 }));
    }
    const other = openDatabase(join(data, 'node.db'));
    // Nobody holds an old state: all of the log could be moved into the file, and it begins anew.
    const [row] = other.prepare('PRAGMA wal_checkpoint(TRUNCATE)').all();
    expect(row).toMatchObject({ busy: 0n });
    other.close();
    await store.close();
    expect(statSync(join(data, 'node.db-wal'), { throwIfNoEntry: false })?.size ?? 0).toBe(0);
  });

  test('answers everybody by himself, and tells in the order of the numbers, however appends meet in a transaction', async () => {
    const told: CommittedEnvelope[] = [];
    const store = openSqliteStore({ data: folder(), thread, onCommitted: (rows) => told.push(...rows) });
    const contact = (createdMs: number) => ({
      version: 2 as const,
      createdMs,
      keys: new Uint8Array(32).fill(createdMs),
      mustBeNewer: true,
    });
    const answers: Promise<unknown>[] = [];
    const expected: unknown[] = [];
    for (let n = 0; n < 300; n++) {
      const kind = (['new', 'new', 'repeated', 'contact', 'old contact'] as const)[n % 5];
      const row = kind === 'repeated' ? envelope(n - 1) : envelope(n);
      const facts = kind === 'contact' ? { contact: contact(1000 + n) } : kind === 'old contact' ? { contact: contact(1) } : {};
      expected.push(kind === 'repeated' ? [null] : kind === 'old contact' ? 'refused' : [expect.any(Number)]);
      answers.push(
        store.append([{ ...row, ...facts }]).catch((error: unknown) => {
          expect(error).toBeInstanceOf(NotNewerError);
          return 'refused';
        }),
      );
      // Some in one turn of the event loop, some in later ones, some while the thread is at its work.
      if (n % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
      if (n % 50 === 0) await answers.at(-1);
    }
    const answered = await Promise.all(answers);
    expect(answered).toEqual(expected);
    const seqs = answered.flatMap((answer) => (Array.isArray(answer) && answer[0] !== null ? [Number(answer[0])] : []));
    expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
    expect(told.map(({ seq }) => seq)).toEqual(seqs);
    await store.close();
  });

  test('goes on with another thread when one ends by itself, and tells of what that one had committed', async () => {
    const data = folder();
    const told: CommittedEnvelope[] = [];
    // The real one, which dies once between a commit and its answer.
    const dying = join(parent, 'dying.mjs');
    writeFileSync(
      dying,
      `import { parentPort } from 'node:worker_threads';
       let dies = false;
       const on = parentPort.on.bind(parentPort);
       parentPort.on = (name, listener) => on(name, (asked) => {
         dies ||= asked.what === 'write' && asked.lot.topics.includes('die');
         listener(asked);
       });
       const post = parentPort.postMessage.bind(parentPort);
       parentPort.postMessage = (told) => { if (dies) process.exit(1); post(told); };
       await import(${JSON.stringify(pathToFileURL(thread).href)});`,
    );
    const store = openSqliteStore({ data, thread: dying, onCommitted: (rows) => told.push(...rows) });
    await store.append([envelope(1)]);
    const failed = store.append([{ ...envelope(2), topic: 'die' }]);
    await expect(failed).rejects.toMatchObject({
      name: 'StoreError',
      message: expect.stringContaining('the thread that writes has ended'),
    });
    const [again, fresh] = await Promise.all([store.append([{ ...envelope(2), topic: 'die' }]), store.append([envelope(3)])]).catch(
      // The new one meets the same topic, and ends like the one before.
      () => [null, null],
    );
    expect([again, fresh]).toEqual([null, null]);
    await store.append([envelope(4)]);
    expect(told.map(({ timestampNs, seq }) => [Number(timestampNs), seq])).toEqual([
      [1, 1],
      [2, 2],
      [3, expect.any(Number)],
      [4, expect.any(Number)],
    ]);
    await store.close();
  });

  test('says when its disk is full, reads on, and writes again when there is room', async ({ skip }) => {
    const disk = smallDisk(4);
    if ('missing' in disk) return skip(disk.missing);
    const store = openSqliteStore({ data: join(disk.path, 'data'), thread });
    await store.append([envelope(0)]);
    disk.fill();
    const large = 'x'.repeat(100_000);
    let refused: unknown;
    let stored = 1;
    while (refused === undefined && stored < 50)
      await store.append([envelope(stored, large)]).then(
        () => stored++,
        (error: unknown) => {
          refused = error;
        },
      );
    expect(refused).toMatchObject({ name: 'StoreError', reason: 'full' });
    await expect(store.check()).rejects.toMatchObject({ reason: 'full' });
    expect(await store.query(query)).toHaveLength(stored);
    disk.free();
    await store.append([envelope(99, large)]);
    expect(await store.query(query)).toHaveLength(stored + 1);
    await store.check();
    await store.close();
    disk.remove();
  });

  test('that closes has what it was given before, and ends its thread', async () => {
    const data = folder();
    const store = openSqliteStore({ data, thread });
    const appended = Array.from({ length: 50 }, (_, n) => store.append([envelope(n)]));
    await store.close();
    expect((await Promise.all(appended)).flat()).toHaveLength(50);
    const again: Store = openSqliteStore({ data, thread: null });
    expect(await again.query(query)).toHaveLength(50);
    await again.close();
  });
});

describe('what goes to the thread and comes back', () => {
  test('is what it was, whatever buffer a message is a part of', () => {
    const large = new Uint8Array(1000).map((_, index) => index);
    const contact = { version: 2 as const, createdMs: 5, keys: large.subarray(0, 32), mustBeNewer: true };
    const appends: NewEnvelope[][] = [
      [{ topic: 'a', timestampNs: 2n ** 63n - 1n, message: large.subarray(7, 30) }],
      [],
      [
        { topic: 'ü', timestampNs: 0n, message: new Uint8Array(0) },
        { topic: 'b', timestampNs: 1n, message: large.subarray(900), contact },
      ],
    ];
    const packed = packAppends(appends);
    expect(packed.data.byteLength).toBe(123 + 3 * (8 + 4) + 3 * 4); // nothing of what the messages are parts of
    expect(unpackAppends(structuredClone(packed, { transfer: [packed.data] }))).toEqual(appends);
    const lots = [[[1, null], new NotNewerError('older')], [], [[], [2 ** 52, null]], [[null]]];
    const packedBack = structuredClone(packOutcomes(lots.length, lots.flat()));
    expect(unpackOutcomes(packedBack, [[2, 3], [], [0, 2], [1]])).toEqual(lots);
  });
});
