/** The same pages; the first is asked for now, and each further one while the one before it is taken in. */
export function ahead<T>(pages: AsyncIterable<T>): AsyncIterable<T> {
  const iterator = pages[Symbol.asyncIterator]();
  const ask = (): Promise<IteratorResult<T>> => {
    const asked = iterator.next();
    asked.catch(() => undefined); // told to who takes them
    return asked;
  };
  let asked = ask();
  return (async function* () {
    try {
      for (;;) {
        const { done, value } = await asked;
        if (done) return;
        asked = ask();
        yield value;
      }
    } finally {
      // Nobody waits for what is on its way.
      iterator.return?.(undefined)?.catch(() => undefined);
    }
  })();
}
