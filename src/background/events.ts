import type { OwnEvents } from '../rpc/views/events.ts';

export type EventName = keyof OwnEvents;
export type Listener = <K extends EventName>(event: K, payload: OwnEvents[K]) => void;

/** What the services tell the extension's own pages. A listener that throws loses its own event only. */
export interface Events {
  readonly emit: Listener;
  /** Returns the way to stop listening. */
  on(listener: Listener): () => void;
}

/** Makes an emitter without listeners. */
export function createEvents(): Events {
  const listeners = new Set<Listener>();
  return {
    emit(event, payload) {
      for (const listener of listeners) {
        try {
          listener(event, payload);
        } catch (error) {
          console.warn(`a listener failed at ${event}`, error);
        }
      }
    },
    on(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
