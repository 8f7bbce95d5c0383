import type { Database, Statement } from './driver.ts';
import { guarded } from './guarded.ts';

/** Topic ids kept at hand. */
const maxKnownTopics = 100_000;

/** An open database with its statements and the ids of topics that it has seen. Everything throws StoreError only. */
export class Connection {
  readonly #database: Database;
  readonly #statements = new Map<string, Statement>();
  readonly #topicIds = new Map<string, number>();

  constructor(database: Database) {
    this.#database = database;
  }

  get name(): string {
    return this.#database.name;
  }

  statement(sql: string): Statement {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = guarded(
        () => this.#database.prepare(sql),
        () => this.#forgetPages(),
      );
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  /** A page that could not be read once is kept as it is: it is read anew when it is needed again, and the disk may be well by then. */
  #forgetPages(): void {
    try {
      this.#database.prepare('PRAGMA shrink_memory').all();
    } catch {
      // The fault itself is what is told.
    }
  }

  findTopic(name: string): number | undefined {
    const known = this.#topicIds.get(name);
    if (known !== undefined) return known;
    const row = this.statement('SELECT id FROM topic WHERE name = ?').get(name);
    if (!row) return undefined;
    this.remember(name, Number(row['id']));
    return Number(row['id']);
  }

  remember(name: string, id: number): void {
    if (this.#topicIds.size >= maxKnownTopics) this.#topicIds.clear();
    this.#topicIds.set(name, id);
  }

  /** Looks ids up anew from now on: what was inserted may have been taken back, or deleted. */
  forgetTopics(): void {
    this.#topicIds.clear();
  }
}
