/**
 * What was written to conversations that had no message yet when this began: what none of it was is not on the disk, and the disk need not be asked. A write that failed
 * leaves too much in here, which costs a question.
 */
export class Begun {
  readonly #names = new Map<string, Set<number>>();
  #count = 0;

  /** The conversation has no message, and nobody else is writing. */
  begin(conversation: string): void {
    if (!this.#names.has(conversation)) this.#names.set(conversation, new Set());
  }

  has(conversation: string): boolean {
    return this.#names.has(conversation);
  }

  /** Before they are written. */
  note(conversation: string, names: readonly number[]): void {
    const known = this.#names.get(conversation);
    if (!known) return;
    for (const name of names) known.add(name);
    this.#count += names.length;
    if (this.#count > most) this.clear();
  }

  clear(): void {
    this.#names.clear();
    this.#count = 0;
  }

  mayHave(conversation: string, name: number): boolean {
    return this.#names.get(conversation)?.has(name) ?? true;
  }
}

/** Names that are remembered of all conversations together: some megabytes. */
const most = 400_000;
