import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { type BlobShelf, blobProtocol, serveBlobs } from '../../../src/node/relay/blob-exchange.ts';
import { readFrame, writeAll, writeFrame } from '../../../src/node/relay/frames.ts';
import { createHost, type Host, type Stream } from '../../../src/node/relay/host.ts';
import { openIdentity } from '../../../src/node/relay/identity.ts';
import { digestIn, digestOf, getBlob, putBlob, statusOf } from '../blob-calls.ts';
import { addressOf, hasRelay, idOf, meeting, startRelaying, stopAll, until } from './network.ts';

const root = mkdtempSync(join(tmpdir(), 'parley-exchange-'));
afterEach(stopAll);
afterAll(() => rmSync(root, { recursive: true, force: true }));
const folder = (): string => mkdtempSync(join(root, 'node-'));

describe.skipIf(!hasRelay)('nodes on a relay', () => {
  test('give each other the attachments that readers ask for, of any size; a stranger is not asked', async () => {
    const a = await startRelaying({ data: folder() });
    const b = await startRelaying({ data: folder() }, { peers: [addressOf(a)], trust: [idOf(a)] });
    await meeting(a, b);
    const large = randomBytes(5_000_000);
    const small = randomBytes(10);
    for (const bytes of [large, small]) {
      expect((await putBlob(a, bytes)).status).toBe(204);
      expect(await digestIn(await getBlob(b, digestOf(bytes)))).toBe(digestOf(bytes));
    }
    expect(await statusOf(getBlob(b, digestOf(Buffer.from('nothing'))))).toBe(404);
    const own = randomBytes(100);
    expect((await putBlob(b, own)).status).toBe(204);
    // To a, b is a stranger.
    expect(await statusOf(getBlob(a, digestOf(own)))).toBe(404);
    await a.close();
    expect(await digestIn(await getBlob(b, digestOf(large)))).toBe(digestOf(large));
  });

  test('do not let a copy outlive what it is one of', async () => {
    const [one, other] = [folder(), folder()];
    const a = await startRelaying({ data: one });
    const b = await startRelaying({ data: other }, { peers: [addressOf(a)] });
    await meeting(a, b);
    const bytes = randomBytes(10);
    const digest = digestOf(bytes);
    await putBlob(a, bytes);
    const when = new Date(Date.now() - 50 * 86_400_000);
    utimesSync(join(one, 'blobs', digest.slice(0, 2), digest), when, when);
    expect(await statusOf(getBlob(b, digest))).toBe(200);
    expect(Math.abs(statSync(join(other, 'blob-copies', digest)).mtimeMs - when.getTime())).toBeLessThan(10_000);
  });
});

describe.skipIf(!hasRelay)('a peer that is hostile', () => {
  const hosts: Host[] = [];
  afterEach(() => Promise.all(hosts.splice(0).map((host) => host.stop())));
  const bytes = randomBytes(1000);
  const digest = digestOf(bytes);

  /** A peer by itself that listens. */
  const peer = async () => {
    const identity = openIdentity(':memory:');
    const { host, multiaddr } = await createHost({ listen: ['/ip4/127.0.0.1/tcp/0'], identity, topics: [], isBanned: () => false });
    hosts.push(host);
    await host.start();
    const [address] = host.getMultiaddrs();
    return { host, identity, address: String(address), dial: (at: string) => host.dial(multiaddr(at)) };
  };

  /** Asks who is at an address, as a peer, and answers what came of it in hex. */
  const asking = async (address: string) => {
    const { host, dial } = await peer();
    const { remotePeer } = await dial(address);
    return async (request: Uint8Array): Promise<string> => {
      const stream = await host.dialProtocol(remotePeer, blobProtocol, { signal });
      try {
        await writeFrame(stream, request, signal);
        const pieces: Uint8Array[] = [];
        for await (const chunk of stream) pieces.push(chunk instanceof Uint8Array ? chunk : chunk.subarray());
        await stream.close();
        return Buffer.concat(pieces).toString('hex');
      } catch {
        return 'none';
      }
    };
  };
  const name = Buffer.from(digest, 'hex');
  const whole = Buffer.concat([Uint8Array.of(1), name]);

  /** A node whose only peer answers questions for attachments in a way of its own. */
  const besides = async (answer: (request: Buffer, stream: Stream) => Promise<void>) => {
    const liar = await peer();
    const requests: Buffer[] = [];
    await liar.host.handle(
      blobProtocol,
      async (stream) => {
        const request = Buffer.from(await readFrame(stream, 1000));
        requests.push(request);
        await answer(request, stream).catch(() => {});
      },
      { maxInboundStreams: 32 },
    );
    const data = folder();
    const node = await startRelaying({ data }, { peers: [liar.address] });
    await until('they are connected', () => node.relay?.peers().some(({ connected }) => connected));
    return { node, data, requests };
  };
  // The time that each test has is bound enough: one for all of them would run on from test to test.
  const { signal } = new AbortController();

  test('does not learn which attachment is looked for, unless it has it; a claim without a proof is no claim', async () => {
    const { node, requests } = await besides(async (_, stream) => {
      await writeFrame(stream, randomBytes(48), signal);
      await stream.close();
    });
    expect(await statusOf(getBlob(node, digest))).toBe(503);
    expect(requests).toHaveLength(1);
    expect(requests[0]?.toString('hex')).not.toContain(digest);
    expect(requests[0]?.toString('hex')).not.toContain(digest.slice(2));
  });

  test('fills no disk: what is longer than it was said to be, or is something else, leaves nothing', async () => {
    for (const content of [randomBytes(2000), Buffer.concat([bytes, bytes])]) {
      const { node, data } = await besides(async (request, stream) => {
        if (request[0] === 0) {
          const numbers = Buffer.alloc(16);
          numbers.writeBigUInt64BE(1000n);
          const proof = createHash('sha256').update(Buffer.from(digest, 'hex')).update(request.subarray(1, 17)).digest();
          await writeFrame(stream, Buffer.concat([proof, numbers]), signal);
        } else for (let n = 0; n < 1000; n++) await writeAll(stream, content, signal);
        await stream.close();
      });
      expect(await statusOf(getBlob(node, digest))).toBe(503);
      expect(readdirSync(join(data, 'blob-copies'))).toEqual([]);
    }
  });

  test('gets nothing for what does not parse or what it cannot name', async () => {
    const node = await startRelaying({ data: folder() });
    await putBlob(node, bytes);
    const ask = await asking(addressOf(node));
    // Its beginning alone does not bring the rest.
    expect(await ask(Buffer.concat([Uint8Array.of(0), randomBytes(16), name.subarray(0, 1), randomBytes(32)]))).toBe('00');
    for (const wrong of [Buffer.alloc(0), Buffer.of(1), Buffer.concat([Uint8Array.of(2), name]), Buffer.alloc(50, 9), Buffer.alloc(100)])
      expect(await ask(wrong)).toBe('none');
    expect(await ask(Buffer.concat([Uint8Array.of(1), randomBytes(32)]))).toBe('none');
    expect(await ask(whole)).toBe(bytes.toString('hex'));
    expect(await statusOf(getBlob(node, digest))).toBe(200);
  });

  test('is held to a rate, whatever it asks, and gets its answers again when it has waited', async () => {
    const { host, address } = await peer();
    const shelf: BlobShelf = {
      digests: async () => [digest],
      open: async () => ({
        size: bytes.length,
        ageMs: 0,
        read: async function* () {
          yield bytes;
        },
      }),
    };
    let nowMs = 0;
    // One in twenty seconds, a hundred seconds' worth of them at once.
    await serveBlobs(host, shelf, () => nowMs, 0.05);
    const [ask, another] = [await asking(address), await asking(address)];
    const have = Buffer.concat([Uint8Array.of(0), randomBytes(16), name.subarray(0, 1), randomBytes(32)]);
    const all = bytes.toString('hex');
    const answers: string[] = [];
    for (const question of [have, whole, Buffer.alloc(50, 9), whole, whole, whole, have]) answers.push(await ask(question));
    expect(answers).toEqual(['00', all, 'none', all, all, 'none', 'none']);
    expect(await another(whole)).toBe(all);
    nowMs = 20_000;
    expect([await ask(whole), await ask(whole)]).toEqual([all, 'none']);
  });
});
