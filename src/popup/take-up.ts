import { background } from './rpc.ts';

/** Goes on with files that were sent off by a page which is gone, in every conversation. What sends them comes only where there are any. */
export async function takeUpFiles(): Promise<void> {
  const conversations = await background.call('leavingFiles', {});
  if (conversations.length === 0) return;
  const { takeUp } = await import('./leaving-files.ts');
  for (const id of conversations) takeUp(id, await background.call('keptFiles', { id }));
}
