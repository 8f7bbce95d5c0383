import type { Port } from '../../src/rpc/wire.ts';

/** One end of a port in memory. What crosses it is JSON, as it is in one of the browsers. */
export interface TestPort extends Port {
  readonly sent: unknown[];
  readonly broken: boolean;
  /** Tells this end's listeners a message. */
  receive(message: unknown): void;
  /** The other side went away. */
  break(): void;
}

/** A port whose other end is the test. */
export function testPort(name = 'own'): TestPort {
  const onMessage = new Set<(message: unknown) => void>();
  const onDisconnect = new Set<() => void>();
  const sent: unknown[] = [];
  let broken = false;
  return {
    name,
    sent,
    get broken() {
      return broken;
    },
    postMessage(message) {
      if (broken) throw new Error('Attempting to use a disconnected port object');
      sent.push(JSON.parse(JSON.stringify(message)));
    },
    disconnect() {
      broken = true;
    },
    receive(message) {
      for (const listener of [...onMessage]) listener(message);
    },
    break() {
      broken = true;
      for (const listener of [...onDisconnect]) listener();
    },
    onMessage: { addListener: (listener) => void onMessage.add(listener) },
    onDisconnect: { addListener: (listener) => void onDisconnect.add(listener) },
  };
}

/** Two ends of one port; messages arrive in their own time, and in order. */
export function portPair(name = 'own'): [Port, Port] {
  const [a, b] = [testPort(name), testPort(name)];
  const join = (from: TestPort, to: TestPort): Port => ({
    ...from,
    postMessage(message) {
      if (from.broken) throw new Error('Attempting to use a disconnected port object');
      const copy: unknown = JSON.parse(JSON.stringify(message));
      queueMicrotask(() => {
        if (!to.broken) to.receive(copy);
      });
    },
    disconnect() {
      from.disconnect();
      to.break();
    },
  });
  return [join(a, b), join(b, a)];
}

/** Lets everything run that waits for nothing but its turn. */
export const turns = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
