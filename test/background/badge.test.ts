import { describe, expect, it, vi } from 'vitest';
import { createBadge } from '../../src/background/badge.ts';
import { alice } from '../support/people.ts';

const button = () => ({ setBadgeText: vi.fn(), setBadgeBackgroundColor: vi.fn(), setTitle: vi.fn() });

/** Two accounts that have so many unread messages together. */
const reading = (unread: number) =>
  [1, unread - 1].map((each) => ({ address: alice.address, name: '', color: null, unread: Math.max(0, unread === 0 ? 0 : each) }));

describe('the toolbar button', () => {
  it('counts unread messages, and shows nothing when there are none', async () => {
    const face = button();
    const badge = createBadge(face);
    await badge({ phase: 'ready', accounts: reading(3), prompts: 0 });
    expect(face.setBadgeText).toHaveBeenLastCalledWith({ text: '3' });
    await badge({ phase: 'ready', accounts: reading(0), prompts: 0 });
    expect(face.setBadgeText).toHaveBeenLastCalledWith({ text: '' });
  });

  it('shows a lock and never a number while locked', async () => {
    const face = button();
    await createBadge(face)({ phase: 'locked', accounts: reading(5), prompts: 0 });
    expect(face.setBadgeText).toHaveBeenLastCalledWith({ text: '🔒' });
    expect(face.setTitle).toHaveBeenLastCalledWith({ title: 'Parley is locked' });
  });

  it('is not painted again when nothing changed', async () => {
    const face = button();
    const badge = createBadge(face);
    await badge({ phase: 'ready', accounts: reading(1), prompts: 0 });
    await badge({ phase: 'ready', accounts: reading(1), prompts: 0 });
    expect(face.setBadgeText).toHaveBeenCalledTimes(1);
  });
});
