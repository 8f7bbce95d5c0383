/**
 * What has to be left on the disk, bytes, where one of our databases is to be opened, written to or deleted in Chromium. All of them lie in one store there: a write that
 * finds no room leaves it torn, and the next to open any of them may find all of them empty. To open them it gathers its log into a file of up to 4 MiB.
 */
const leastRoom = 8 * 1024 * 1024;
/** With so much room nobody need look again for a while, bytes and ms. */
const muchRoom = 1024 * 1024 * 1024;
const lookAgainMs = 2_000;

let enoughUntil = 0;

/** Whether there is room for what is to be written now. Firefox looks after that itself, and counts room in another way. */
export async function hasRoom(): Promise<boolean> {
  if (!('userAgentData' in (globalThis.navigator ?? {})) || performance.now() < enoughUntil) return true;
  const { quota, usage } = await navigator.storage.estimate();
  if (quota === undefined || usage === undefined) return true;
  if (quota - usage >= muchRoom) enoughUntil = performance.now() + lookAgainMs;
  return quota - usage >= leastRoom;
}

/** For who is about to write. @throws DOMException QuotaExceededError, as a browser does that finds no room itself */
export async function needRoom(): Promise<void> {
  if (!(await hasRoom())) throw new DOMException('the disk is full', 'QuotaExceededError');
}
