import { noteStop } from './log.ts';

/** The service, each of whose functions waits until `ready`. */
export function awaiting<S extends object>(service: S, ready: () => Promise<void>): S {
  const entries = Object.entries(service as Record<string, (...params: unknown[]) => unknown>);
  return Object.fromEntries(
    entries.map(([name, run]) => [
      name,
      async (...params: unknown[]) => {
        await ready();
        return run(...params);
      },
    ]),
  ) as S;
}

/** The service, with a note of each call of these functions. */
export function noting<S extends object>(service: S, names: readonly (keyof S)[], note: () => Promise<void>): S {
  const noted: S = { ...service };
  for (const name of names) {
    const run = service[name] as (...params: unknown[]) => unknown;
    const noting = (...params: unknown[]): unknown => {
      note().catch((error: unknown) => noteStop('noting a use', error));
      return run(...params);
    };
    noted[name] = noting as S[typeof name];
  }
  return noted;
}
