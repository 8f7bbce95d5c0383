import type { Status } from '../rpc/views/account.ts';
import { noticesIn } from '../words/notices.ts';
import type { Say } from '../words/says.ts';

/** What the browser lets us put on the toolbar button. */
export interface ToolbarButton {
  setBadgeText(details: { text: string }): unknown;
  setBadgeBackgroundColor(details: { color: string }): unknown;
  setTitle(details: { title: string }): unknown;
}

type Seen = Pick<Status, 'phase' | 'accounts' | 'prompts'>;

/** Keeps the toolbar button in step with the status: the number of unread messages of all accounts, or a lock. */
export function createBadge(button: ToolbarButton, words = async (): Promise<Say> => noticesIn('en', [])): (status: Seen) => Promise<void> {
  let shown = '';
  return async (status) => {
    const { text, title, color } = face(status, await words());
    const now = `${text}|${title}`;
    if (now === shown) return;
    shown = now;
    await Promise.all([button.setBadgeText({ text }), button.setBadgeBackgroundColor({ color }), button.setTitle({ title })]);
  };
}

function face({ phase, accounts, prompts }: Seen, say: Say): { text: string; title: string; color: string } {
  const unread = accounts.reduce((sum, account) => sum + account.unread, 0);
  if (prompts > 0) return { text: '?', title: say('notices.siteAsks'), color: '#b45309' };
  if (phase === 'locked') return { text: '🔒', title: say('notices.locked'), color: '#475569' };
  if (phase === 'ready' && unread > 0) {
    return { text: unread > 999 ? '999+' : String(unread), title: say('notices.unread', { count: unread }), color: '#2563eb' };
  }
  return { text: '', title: 'Parley', color: '#2563eb' };
}
