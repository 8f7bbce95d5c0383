import type { ForgetWindow, Forgotten, NewEnvelope } from './store.ts';
import type { Outcome, Writer } from './writer.ts';

/** Whatever writes, in this thread or in one of its own. Everything rejects with StoreError only. One thing is asked of it at a time, or several: it does them in order. */
export interface WriteSide {
  /** Takes some appends in one transaction, each whole or not at all; resolves when they are durable. `nowMs` is when they were received. */
  write(appends: readonly (readonly NewEnvelope[])[], nowMs: number): Promise<Outcome[]>;
  forget(window: ForgetWindow): Promise<Forgotten>;
  /** See `Store.noteSwept`. */
  noteSwept(prefix: string, seq: number): Promise<void>;
  /** Writes a page. */
  probe(): Promise<void>;
  /** Does what it was asked before, and closes. */
  close(): Promise<void>;
}

/** Writes in this thread, on a connection that others may read on. */
export const writeHere = (writer: Writer): WriteSide => ({
  write: async (appends, nowMs) => writer.write(appends, nowMs),
  forget: async (window) => writer.forget(window),
  noteSwept: async (prefix, seq) => writer.noteSwept(prefix, seq),
  probe: async () => writer.probe(),
  close: async () => writer.checkpoint(),
});
