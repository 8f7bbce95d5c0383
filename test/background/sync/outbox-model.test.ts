import { expect, test } from 'vitest';
import { playOutbox } from './outbox-model.ts';

test('what is written to be sent arrives once and in its order, over 1,000 schedules of sends and deaths at any await', async () => {
  for (let seed = 1; seed <= 1_000; seed++) expect(await playOutbox(seed)).toBeNull();
});
