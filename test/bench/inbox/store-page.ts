import { join } from 'node:path';
import { root } from '../../cli/processes.ts';
import { buildPage } from './reference-page.ts';

const source = `
  import { openCache } from '${join(root, 'src/storage/cache.ts')}';
  window.fill = async (count) => {
    const cache = openCache('bench');
    const random = (length) => crypto.getRandomValues(new Uint8Array(length));
    const hex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    const slices = Array.from({ length: count / 100 }, (_, slice) => ({
      done: [], quarantined: [], lookedUp: true, alone: new Set(['conversation ' + (slice % 100)]),
      conversations: [{ id: 'conversation ' + (slice % 100), time: slice, sealed: random(700) }],
      messages: Array.from({ length: 100 }, (_, index) => ({
        id: hex(random(32)), conversation: 'conversation ' + (slice % 100), time: slice * 100 + index, dedup: hex(random(11)), sealed: random(400),
      })),
    }));
    await cache.messages.count();
    const began = performance.now();
    for (const slice of slices) {
      await cache.messages.knownDedup(slice.messages.map(({ dedup }) => dedup), slice.messages.map(({ conversation }) => conversation));
      await cache.apply(slice);
    }
    const took = performance.now() - began;
    await cache.delete();
    return took;
  };
`;

/** A module for a page that writes made-up messages into a store of its own. */
export const buildStorePage = (): Promise<string> => buildPage(source);
