/** Begins a start that nobody has begun yet; one that failed is begun anew by whoever asks next: what was in its way, another page or a full disk, may be gone. */
export function createStarter<T>(start: () => Promise<T>): () => Promise<T> {
  let started: Promise<T> | undefined;
  return () => {
    started ??= start().catch((error: unknown) => {
      started = undefined;
      throw error;
    });
    return started;
  };
}
