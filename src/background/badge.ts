import type { Status } from '../rpc/views.ts';

/** What the browser lets us put on the toolbar button. */
export interface ToolbarButton {
  setBadgeText(details: { text: string }): unknown;
  setBadgeBackgroundColor(details: { color: string }): unknown;
  setTitle(details: { title: string }): unknown;
}

type Seen = Pick<Status, 'phase' | 'accounts' | 'prompts'>;

/** Keeps the toolbar button in step with the status: the number of unread messages of all accounts, or a lock. */
export function createBadge(button: ToolbarButton): (status: Seen) => Promise<void> {
  let shown = '';
  return async (status) => {
    const { text, title, color } = face(status);
    const now = `${text}|${title}`;
    if (now === shown) return;
    shown = now;
    await Promise.all([button.setBadgeText({ text }), button.setBadgeBackgroundColor({ color }), button.setTitle({ title })]);
  };
}

function face({ phase, accounts, prompts }: Seen): { text: string; title: string; color: string } {
  const unread = accounts.reduce((sum, account) => sum + account.unread, 0);
  if (prompts > 0) return { text: '?', title: 'Parley: a site asks for something', color: '#b45309' };
  if (phase === 'locked') return { text: '🔒', title: 'Parley is locked', color: '#475569' };
  if (phase === 'ready' && unread > 0) {
    const title = unread === 1 ? 'Parley: 1 new message' : `Parley: ${unread} new messages`;
    return { text: unread > 999 ? '999+' : String(unread), title, color: '#2563eb' };
  }
  return { text: '', title: 'Parley', color: '#2563eb' };
}
