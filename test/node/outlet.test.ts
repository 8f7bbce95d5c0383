import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import type { Response } from '../../src/node/http.ts';
import { Outlet, sliceMs } from '../../src/node/outlet.ts';

/** A stream as an outlet knows it, with what was written, one text a write. */
function reader() {
  const stream = new PassThrough({ highWaterMark: 1 });
  const written: string[] = [];
  const write = stream.write.bind(stream);
  stream.write = ((bytes: Buffer) => {
    written.push(bytes.toString());
    return write(bytes);
  }) as typeof stream.write;
  return { stream, written, outlet: new Outlet(stream as unknown as Response) };
}
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('an outlet', () => {
  test('sends what comes in one turn by one write, in order', async () => {
    const { outlet, written } = reader();
    for (const text of ['a', 'b', 'c']) outlet.push(Buffer.from(text));
    expect([written, outlet.length]).toEqual([[], 3]);
    await turn();
    expect(written).toEqual(['abc']);
    outlet.push(Buffer.from('d'));
    await turn();
    expect(written).toEqual(['abc', 'd']);
  });

  test('counts what its reader has not taken, sent or not', async () => {
    const { outlet, stream } = reader();
    outlet.push(Buffer.alloc(10));
    await turn();
    outlet.push(Buffer.alloc(5));
    expect(outlet.length).toBe(stream.writableLength + 5);
  });

  test('sends at once when it is told to, and nothing twice', async () => {
    const { outlet, written } = reader();
    outlet.push(Buffer.from('a'));
    outlet.flush();
    expect(written).toEqual(['a']);
    await turn();
    expect(written).toEqual(['a']);
  });

  test('lets others have their turn between many readers, and forgets none', async () => {
    const readers = Array.from({ length: 2000 }, reader);
    for (const { outlet } of readers) outlet.push(Buffer.from('a'));
    while (readers.some(({ written }) => written.length === 0)) await turn();
    expect(readers.every(({ written }) => written.join() === 'a')).toBe(true);
  });

  test('has many readers served again and again, each with everything in order', async () => {
    const readers = Array.from({ length: 500 }, reader);
    for (let n = 0; n < 40; n++) {
      for (const { outlet } of readers) outlet.push(Buffer.from(`${n} `));
      await turn();
    }
    while (readers.some(({ outlet, stream }) => outlet.length > stream.writableLength)) await turn();
    const all = Array.from({ length: 40 }, (_, n) => `${n} `).join('');
    expect(readers.every(({ written }) => written.join('') === all)).toBe(true);
  });

  test('takes a tenth as long for streams as everything else took, within bounds', () => {
    expect([0, 0.2, 1, 5, 10, 50].map(sliceMs)).toEqual([0.1, 0.1, 0.1, 0.5, 1, 1]);
  });

  test('ends a stream that cannot be written to, and goes on with the others', async () => {
    const [bad, good] = [reader(), reader()];
    bad.stream.write = () => {
      throw new Error('no such stream');
    };
    for (const { outlet } of [bad, good]) outlet.push(Buffer.from('a'));
    await turn();
    good.outlet.push(Buffer.from('b'));
    await turn();
    expect([good.written, bad.stream.destroyed]).toEqual([['a', 'b'], true]);
  });

  test('sends nothing to somebody who has gone', async () => {
    const { outlet, stream, written } = reader();
    outlet.push(Buffer.from('a'));
    stream.destroy();
    await turn();
    expect(written).toEqual([]);
  });
});
