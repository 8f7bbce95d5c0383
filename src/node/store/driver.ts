import { createRequire } from 'node:module';

export type SqlValue = number | bigint | string | Uint8Array;

/** Integers are read as bigint, blobs as Uint8Array. */
export type Row = Record<string, unknown>;

export interface Statement {
  run(...values: SqlValue[]): { readonly changes: number; readonly lastId: number };
  get(...values: SqlValue[]): Row | undefined;
  all(...values: SqlValue[]): Row[];
}

export interface Database {
  /** Which SQLite it is. */
  readonly name: string;
  exec(sql: string): void;
  prepare(sql: string): Statement;
  close(): void;
}

/** How both drivers look; what they return is brought into one form below. */
interface RawStatement {
  run(...values: SqlValue[]): { readonly changes: number | bigint; readonly lastInsertRowid: number | bigint };
  get(...values: SqlValue[]): Row | null | undefined;
  all(...values: SqlValue[]): Row[];
}

interface RawDatabase<S> {
  exec(sql: string): void;
  prepare(sql: string): S;
  close(): void;
}

type Driver = (path: string) => Database;

/** Opens a database file, or `:memory:`, by Node's own SQLite where there is one (22.13 and later), else by libsql. */
export function openDatabase(path: string): Database {
  const open = nodeDriver() ?? libsqlDriver();
  return open(path);
}

/** The driver of this Node, or null before 22.13. */
export function nodeDriver(): Driver | null {
  const sqlite = withoutWarnings(() => process.getBuiltinModule?.('node:sqlite')) as
    | { readonly DatabaseSync: new (path: string) => RawDatabase<RawStatement & { setReadBigInts(on: boolean): void }> }
    | undefined;
  if (!sqlite) return null;
  return (path) =>
    wrap('node:sqlite', new sqlite.DatabaseSync(path), (statement) => {
      statement.setReadBigInts(true);
    });
}

/** @throws Error when libsql is not installed for this platform. */
export function libsqlDriver(): Driver {
  let Libsql: new (path: string) => RawDatabase<RawStatement & { safeIntegers(on: boolean): void }>;
  try {
    Libsql = createRequire(import.meta.url)('libsql') as typeof Libsql;
  } catch (cause) {
    throw new Error(
      `No SQLite: Node ${process.version} has none built in (22.13 and later have) and the package libsql is not installed.`,
      {
        cause,
      },
    );
  }
  return (path) =>
    wrap(
      'libsql',
      new Libsql(path),
      (statement) => {
        statement.safeIntegers(true);
      },
      // A blob alone would be looked at as an object of named values, and end the process; as a list it is what it is.
      (values) => [values as unknown as SqlValue],
    );
}

function wrap<S extends RawStatement>(
  name: string,
  raw: RawDatabase<S>,
  prepareReading: (statement: S) => void,
  bound: (values: SqlValue[]) => SqlValue[] = (values) => values,
): Database {
  const database: Database = {
    name,
    exec: (sql) => raw.exec(sql),
    prepare(sql) {
      const statement = raw.prepare(sql);
      prepareReading(statement);
      return {
        run(...values) {
          const { changes, lastInsertRowid } = statement.run(...bound(values));
          return { changes: Number(changes), lastId: Number(lastInsertRowid) };
        },
        get: (...values) => statement.get(...bound(values)) ?? undefined,
        all: (...values) => statement.all(...bound(values)),
      };
    },
    close: () => raw.close(),
  };
  const version = database.prepare('SELECT sqlite_version() AS version').get()?.['version'];
  return { ...database, name: `SQLite ${version} by ${name}` };
}

/** libsql hands blobs out as ArrayBuffer or Buffer, node:sqlite as Uint8Array. */
export const bytesOf = (value: unknown): Uint8Array =>
  value instanceof Uint8Array ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength) : new Uint8Array(value as ArrayBuffer);

/** Node 22 warns that its SQLite is experimental; the operator can do nothing with that. */
function withoutWarnings<T>(load: () => T): T {
  const emitWarning = process.emitWarning;
  process.emitWarning = () => {};
  try {
    return load();
  } finally {
    process.emitWarning = emitWarning;
  }
}
