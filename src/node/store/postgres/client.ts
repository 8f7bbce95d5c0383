import { createRequire } from 'node:module';
import { StoreError } from '../store.ts';

/** What we use of the package `pg`. Its types are not named, so that everything else compiles and runs where it is not installed. */
export interface Pool extends Queryable {
  connect(): Promise<Client>;
  end(): Promise<void>;
  on(event: 'error', listener: (error: Error) => void): void;
}

export interface Client extends Queryable {
  /** With an error the connection is thrown away. */
  release(error?: boolean | Error): void;
  on(event: 'notification' | 'error' | 'end', listener: (detail: unknown) => void): void;
  off(event: 'notification' | 'error' | 'end', listener: (detail: unknown) => void): void;
}

export interface Queryable {
  query(text: string, values?: readonly unknown[]): Promise<{ readonly rows: Record<string, unknown>[]; readonly rowCount: number | null }>;
}

/** The version that was tried. */
const tried = '8.23.1';

/** Opens a pool of connections; the first of them is made when it is needed. @throws StoreError when the package is not installed */
export function openPool(url: string, max: number): Pool {
  let pg: { readonly Pool: new (options: object) => Pool };
  try {
    pg = createRequire(import.meta.url)('pg') as typeof pg;
  } catch (cause) {
    throw new StoreError(`PostgreSQL needs a package that is not installed. In the folder of the node: npm install pg@${tried}`, { cause });
  }
  return new pg.Pool({ connectionString: url, max, application_name: 'parley-node', connectionTimeoutMillis: 10_000 });
}

/** Takes a connection that is not shared, together with the error that it reports when it breaks: nobody else listens while it is taken. */
export async function take(pool: Pool): Promise<Client> {
  const client = await pool.connect();
  client.on('error', ignore);
  return client;
}

/** Gives it back; a broken one is thrown away. */
export function give(client: Client, broken = false): void {
  if (!broken) client.off('error', ignore);
  client.release(broken);
}

const ignore = (): void => {}; // whoever uses it hears of it by the answer to his query

/** Where a database is, without the password that the address may have. */
export function placeOf(url: string): string {
  try {
    const { host, pathname } = new URL(url);
    return `${host}${pathname}`;
  } catch {
    return 'the given address';
  }
}
