import { parse } from '../parse.ts';
import type { Caller } from './caller.ts';
import { RefusalError, toWireError } from './errors.ts';
import type { MethodTable } from './method.ts';
import { isRequest, type Port, type WireError } from './wire.ts';

export interface ServerDeps<Services> {
  readonly table: MethodTable<Services>;
  /** Resolves once the services are there: calls that come while the background starts wait for them. Asked for each call. */
  readonly services: () => Promise<Services>;
  /** Called before each request runs; rejects to refuse it (rates, sizes). */
  readonly admit?: (caller: Caller, request: { readonly method: string; readonly params?: unknown }) => Promise<void> | void;
  readonly log: (error: unknown) => void;
  /** Hears of each request, and returns what hears how it ended. */
  readonly trace?: (
    caller: Caller,
    request: { readonly method: string; readonly params?: unknown },
  ) => (outcome: { readonly result: unknown } | { readonly error: WireError }) => void;
}

/** Answers the requests of one port for a caller that the browser vouched for. A method that is not the caller's kind does not exist for it. */
export function servePort<Services>(port: Port, caller: Caller, { table, services, admit, log, trace }: ServerDeps<Services>): void {
  let open = true;
  port.onDisconnect.addListener(() => {
    open = false;
  });
  const send = (message: unknown): void => {
    if (!open) return;
    try {
      port.postMessage(message);
    } catch (error) {
      // The other side went away between the event and this call.
      open = false;
      log(error);
    }
  };
  port.onMessage.addListener((message) => {
    if (!isRequest(message)) return;
    const { id, method, params } = message;
    const done = trace?.(caller, { method, params });
    const end = (outcome: { readonly result: unknown } | { readonly error: WireError }): void => {
      send({ id, ...outcome });
      done?.(outcome);
    };
    answer(method, params).then(
      (result) => end({ result: result ?? null }),
      (error: unknown) => end({ error: toWireError(error, caller.kind, log) }),
    );
  });

  async function answer(method: string, params: unknown): Promise<unknown> {
    const entry = Object.hasOwn(table, method) ? table[method] : undefined;
    if (entry?.access !== caller.kind) throw new RefusalError('unsupported-method', `there is no method ${method.slice(0, 64)}`);
    await admit?.(caller, { method, params });
    const parsed = parse(entry.params, params, caller.kind === 'page' ? 'params' : '');
    // The entry's own parser made the parameters, and its access is the caller's kind.
    return entry.run(parsed as never, await services(), caller as never);
  }
}

/** An event for the other side of a port; a port that is gone swallows it. */
export function emitTo(port: Port, event: string, payload: unknown): void {
  try {
    port.postMessage({ event, payload });
  } catch {
    // Gone; its disconnection is told separately.
  }
}
