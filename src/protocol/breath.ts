/** How long the thread may be held at a stretch, ms. */
const longest = 16;

/** Makes a pause that long work takes between its steps: it gives the thread to whoever waits, once it was held long enough. */
export function createBreath(): () => Promise<void> {
  let since = performance.now();
  return async () => {
    if (performance.now() - since < longest) return;
    await turn();
    since = performance.now();
  };
}

/** Resolves after whatever waits now. Timers would do, but browsers stretch those that follow one another to 4 ms. */
const turn = (): Promise<void> =>
  new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
