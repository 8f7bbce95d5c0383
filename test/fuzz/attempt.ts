import { isOurs, type Target } from './targets.ts';

/** How long one input may keep a processor, ms. */
export const longestMs = 1000;

/** What is wrong with how a target took an input, in a line; null when nothing is. */
export async function attempt({ run }: Target, bytes: Uint8Array): Promise<string | null> {
  // Processor time: on a busy machine the clock says nothing of the reader.
  const before = process.cpuUsage();
  let timer: NodeJS.Timeout | undefined;
  try {
    const never = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('it never ends')), 5 * longestMs);
    });
    // A copy, as it would come: what a reader changes must not show in the next one.
    await Promise.race([(async () => run(bytes.slice()))(), never]);
  } catch (error) {
    if (!isOurs(error)) return error instanceof Error ? `${error.name}: ${error.message.slice(0, 200)}` : `threw ${typeof error}`;
  } finally {
    clearTimeout(timer);
  }
  const { user, system } = process.cpuUsage(before);
  const took = (user + system) / 1000;
  return took > longestMs ? `took more than ${longestMs} ms` : null;
}
