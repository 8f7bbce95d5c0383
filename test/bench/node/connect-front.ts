import { createServer } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { ConnectRouter } from '@connectrpc/connect';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import { type Envelope, MessageApi } from '../../../src/gen/xmtp/message_api/v1/message_api_pb.ts';

/** The message API as the library serves it, with nothing behind it: what comes by Publish goes to every subscriber, by the library's own streams. */
export async function serve([form = 'http1']: readonly string[]): Promise<number> {
  const readers = new Set<(envelope: Envelope) => void>();
  const routes = (router: ConnectRouter): void => {
    router.service(MessageApi, {
      publish({ envelopes }) {
        for (const envelope of envelopes) for (const read of readers) read(envelope);
        return {};
      },
      async *subscribe(_request, { signal }) {
        const waiting: Envelope[] = [];
        let wake = (): void => {};
        const read = (envelope: Envelope): void => {
          waiting.push(envelope);
          wake();
        };
        readers.add(read);
        signal.addEventListener('abort', () => wake());
        try {
          while (!signal.aborted) {
            for (let next = waiting.shift(); next; next = waiting.shift()) yield next;
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
          }
        } finally {
          readers.delete(read);
        }
      },
    });
  };
  const handler = connectNodeAdapter({ routes });
  const server = form === 'http2' ? createHttp2Server(handler) : createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}
