import { methods } from '../../src/background/methods.ts';
import type { Services } from '../../src/background/services.ts';
import { utf8 } from '../../src/protocol/bytes.ts';
import type { PageCaller } from '../../src/rpc/caller.ts';
import { servePort } from '../../src/rpc/server.ts';
import { testPort } from '../rpc/ports.ts';
import type { Target } from './targets.ts';

const json = (value: unknown): Uint8Array => utf8(JSON.stringify(value));

/** What a page gets past its own script: the background's end of a port takes anything, and answers what is a call. */
export const pagePort: Target = {
  seeds: [
    json({ id: 1, method: 'xmtp_sendMessage', params: { conversation: 'a', content: 'x', contentType: 'xmtp.org/text:1.0' } }),
    json({
      id: 2,
      method: 'xmtp_requestPermissions',
      params: { permissions: [{ kind: 'read', peers: '*', since: 'all', expiresIn: 60 }] },
    }),
    json({ id: 3, method: 'resume', params: { subscriptions: [{ subscription: 's', kind: 'messages', conversation: null, cursor: 0 }] } }),
    json({ id: 4, method: 'status', params: {} }),
  ],
  async run(bytes) {
    const faults: unknown[] = [];
    const port = testPort('page');
    const own = new Proxy({}, { get: () => async () => Promise.reject(new TypeError('a page got at what is ours alone')) });
    const sites = new Proxy({}, { get: () => async () => null });
    const services = new Proxy({}, { get: (_, name) => (name === 'sites' ? sites : name === 'then' ? undefined : own) }) as Services;
    const caller = { kind: 'page' } as PageCaller;
    servePort(port, caller, { table: methods, services: async () => services, log: (error) => faults.push(error) });
    let message: unknown;
    try {
      message = JSON.parse(new TextDecoder().decode(bytes));
    } catch {
      return; // no browser hands that over
    }
    port.receive(message);
    for (let turn = 0; turn < 8; turn++) await null;
    for (const fault of faults) throw fault;
  },
};
