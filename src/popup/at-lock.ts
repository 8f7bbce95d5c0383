/** What is forgotten once the account is locked, told by those who hold it. */
const forgetting = new Set<() => void>();

export const atLock = (forget: () => void): void => void forgetting.add(forget);

export function forgetAtLock(): void {
  for (const forget of forgetting) forget();
}
