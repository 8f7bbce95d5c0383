import { describe, expect, it, vi } from 'vitest';
import { createExclusive, createSingle, createSpaced, pause } from '../../src/background/exclusive.ts';

const tick = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

describe('one task at a time', () => {
  it('keeps the order, and goes on after a failure', async () => {
    const exclusive = createExclusive();
    const log: string[] = [];
    const slow = exclusive(async () => {
      await tick();
      log.push('slow');
    });
    const failing = exclusive(async () => {
      log.push('failing');
      throw new Error('no');
    });
    const last = exclusive(async () => log.push('last'));
    await expect(failing).rejects.toThrow('no');
    await Promise.all([slow, last]);
    expect(log).toEqual(['slow', 'failing', 'last']);
  });

  it('answers everybody who asks during a run with one run that began afterwards', async () => {
    let runs = 0;
    const single = createSingle(async () => {
      await tick();
      runs += 1;
    });
    await Promise.all([single(), single(), single()]);
    expect(runs).toBe(2);
    await single();
    expect(runs).toBe(3);
  });

  it('runs again after a run that failed', async () => {
    let runs = 0;
    const single = createSingle(async () => {
      runs += 1;
      if (runs === 1) throw new Error('first');
    });
    const first = single();
    const second = single();
    await expect(first).rejects.toThrow('first');
    await second;
    expect(runs).toBe(2);
  });
});

it('a pause ends with its signal', async () => {
  const controller = new AbortController();
  const over = pause(60_000, controller.signal);
  controller.abort();
  await over;
});

describe('spaced', () => {
  it('does the first at once, and what comes soon after it together', () => {
    vi.useFakeTimers();
    try {
      const control = new AbortController();
      const work = vi.fn();
      const ask = createSpaced(work, () => 100, control.signal);
      ask();
      expect(work).toHaveBeenCalledTimes(1);
      for (let i = 0; i < 5; i++) ask();
      vi.advanceTimersByTime(99);
      expect(work).toHaveBeenCalledTimes(1);
      vi.advanceTimersByTime(1);
      expect(work).toHaveBeenCalledTimes(2);
      vi.advanceTimersByTime(100);
      ask();
      expect(work).toHaveBeenCalledTimes(3);
      ask();
      control.abort();
      vi.advanceTimersByTime(1000);
      ask();
      expect(work).toHaveBeenCalledTimes(3);
    } finally {
      vi.useRealTimers();
    }
  });
});
