/**
 * Why a store cannot do what was asked. `full`: no room on the disk; `read-only`: it may not be written; `damaged`: what is in the file is not what was written;
 * `busy`: somebody else holds it, in a moment it may work; `failing`: the disk reports errors; `unreachable`: a database elsewhere does not answer; `closed`: the
 * node is stopping; `other`: none of these.
 */
export type StoreReason = 'full' | 'read-only' | 'damaged' | 'busy' | 'failing' | 'unreachable' | 'closed' | 'other';

/** Primary result codes of SQLite. */
const sqlite: Readonly<Record<number, StoreReason>> = {
  5: 'busy', // BUSY
  6: 'busy', // LOCKED
  8: 'read-only', // READONLY
  10: 'failing', // IOERR
  11: 'damaged', // CORRUPT; SQLite says it also of a page that the disk cannot read
  13: 'full', // FULL
  14: 'failing', // CANTOPEN
  26: 'damaged', // NOTADB
};

/** No room for the index of the log, which SQLite tells as a fault of the disk. */
const sharedMemorySize = 10 | (19 << 8);

/** SQLSTATE of PostgreSQL, whole or by its class. */
const postgres: Readonly<Record<string, StoreReason>> = {
  '53100': 'full',
  '25006': 'read-only',
  XX001: 'damaged',
  XX002: 'damaged',
  '55P03': 'busy',
  '57014': 'busy',
  '53300': 'busy',
  '58030': 'failing',
  '57P01': 'unreachable',
  '57P02': 'unreachable',
  '57P03': 'unreachable',
  '08': 'unreachable',
};

const system: Readonly<Record<string, StoreReason>> = {
  ENOSPC: 'full',
  EDQUOT: 'full',
  EROFS: 'read-only',
  EACCES: 'read-only',
  EPERM: 'read-only',
  EIO: 'failing',
  ECONNREFUSED: 'unreachable',
  ECONNRESET: 'unreachable',
  ENOTFOUND: 'unreachable',
  EHOSTUNREACH: 'unreachable',
  ETIMEDOUT: 'unreachable',
};

/** Sorts what a driver or the system threw; it is not known beforehand which of them it was. */
export function reasonOf(thrown: unknown): StoreReason {
  const { code, rawCode, errcode } = (thrown ?? {}) as { code?: unknown; rawCode?: unknown; errcode?: unknown };
  // libsql has the number of SQLite in `rawCode`, node:sqlite in `errcode`.
  const number = typeof rawCode === 'number' ? rawCode : typeof errcode === 'number' ? errcode : undefined;
  if (number !== undefined) return number === sharedMemorySize ? 'full' : (sqlite[number & 0xff] ?? 'other');
  if (typeof code !== 'string') return 'other';
  return system[code] ?? postgres[code] ?? postgres[code.slice(0, 2)] ?? 'other';
}
