import { describe, expect, it } from 'vitest';
import { createStarter } from '../../src/background/starter.ts';

describe('a start', () => {
  it('is one for all who ask', async () => {
    let starts = 0;
    const started = createStarter(async () => ++starts);
    expect(await Promise.all([started(), started()])).toEqual([1, 1]);
    expect(await started()).toBe(1);
  });

  it('that failed fails for those who waited, and is tried again for the next', async () => {
    let starts = 0;
    const started = createStarter(async () => {
      if (++starts === 1) throw new Error('another page is in the way');
      return starts;
    });
    const [one, other] = [started(), started()];
    await expect(one).rejects.toThrow('in the way');
    await expect(other).rejects.toThrow('in the way');
    expect(await started()).toBe(2);
  });
});
