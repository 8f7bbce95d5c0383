import { codes, RpcError } from './errors.ts';
import { isEvent, isReply, type Port } from './wire.ts';

/** Calls methods and hears events of the background over a port that is opened again whenever it breaks. */
export interface Client<Methods, Events> {
  call<M extends keyof Methods & string>(
    method: M,
    params: Methods[M] extends (params: infer P) => unknown ? P : never,
  ): Methods[M] extends (params: never) => infer R ? R : never;
  on<E extends keyof Events & string>(event: E, listener: (payload: Events[E]) => void): () => void;
  /** Opens the port now, which wakes the background. What goes wrong shows at the first call. */
  open(): void;
  /** Called each time a new port is open: what was heard before may be old. */
  onReconnect(listener: () => void): () => void;
}

export interface ClientOptions {
  /** Opens a port; throws when the extension is gone. */
  readonly connect: () => Port;
  /** Methods that may be repeated when the background died before it answered. */
  readonly repeatable: (method: string) => boolean;
  readonly setTimeout?: (work: () => void, ms: number) => unknown;
}

interface Waiting {
  readonly method: string;
  readonly params: unknown;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: RpcError) => void;
  tries: number;
}

/** A background may die several times in a row: under a debugger, in an update, on a machine without memory. */
const mostTries = 8;

/** The client of the extension's own pages. */
export function createClient<Methods, Events>({
  connect,
  repeatable,
  setTimeout: later = setTimeout,
}: ClientOptions): Client<Methods, Events> {
  const waiting = new Map<number, Waiting>();
  const listeners = new Map<string, Set<(payload: never) => void>>();
  const reconnected = new Set<() => void>();
  let port: Port | null = null;
  let lastId = 0;

  function opened(): Port {
    if (port) return port;
    let mine: Port;
    try {
      mine = connect();
    } catch (cause) {
      throw new RpcError({ code: codes.disconnected, message: `the extension was updated or removed: ${String(cause)}` });
    }
    port = mine;
    mine.onMessage.addListener(receive);
    mine.onDisconnect.addListener(() => {
      if (port !== mine) return;
      port = null;
      // Only what was asked of this port is interrupted; what is asked from now on goes to the next.
      const interrupted = [...waiting.values()];
      waiting.clear();
      later(() => revive(interrupted), 50);
    });
    return mine;
  }

  function receive(message: unknown): void {
    if (isReply(message)) {
      const call = waiting.get(message.id);
      if (!call) return;
      waiting.delete(message.id);
      if ('error' in message) call.reject(new RpcError(message.error));
      else call.resolve(message.result);
    } else if (isEvent(message)) {
      for (const listener of listeners.get(message.event) ?? []) listener(message.payload as never);
    }
  }

  /** After the background died: what may be repeated is asked again, the rest is told. */
  function revive(interrupted: readonly Waiting[]): void {
    for (const call of interrupted) {
      if (repeatable(call.method) && call.tries < mostTries) send(call);
      else call.reject(new RpcError({ code: codes.notNow, message: 'Parley was interrupted; ask again' }));
    }
    // Also without calls: events are wanted.
    try {
      opened();
    } catch {
      return; // the extension is gone; the next call says so
    }
    for (const listener of reconnected) listener();
  }

  function send(call: Waiting): void {
    call.tries++;
    const id = ++lastId;
    waiting.set(id, call);
    try {
      opened().postMessage({ id, method: call.method, params: call.params });
    } catch (error) {
      waiting.delete(id);
      port = null;
      call.reject(error instanceof RpcError ? error : new RpcError({ code: codes.notNow, message: String(error) }));
    }
  }

  return {
    call: (method, params) =>
      new Promise((resolve, reject) => send({ method, params, resolve, reject, tries: 0 })) as ReturnType<Client<Methods, Events>['call']>,
    open() {
      try {
        opened();
      } catch {
        // The extension is gone.
      }
    },
    on(event, listener) {
      opened();
      const set = listeners.get(event) ?? new Set();
      listeners.set(event, set);
      set.add(listener as (payload: never) => void);
      return () => set.delete(listener as (payload: never) => void);
    },
    onReconnect(listener) {
      reconnected.add(listener);
      return () => reconnected.delete(listener);
    },
  };
}
