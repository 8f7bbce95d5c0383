import { expect, test } from 'vitest';
import { playGrants } from './grants-model.ts';

test('permissions agree with a plain list of all that was ever given, over 10,000 random sequences', async () => {
  for (let seed = 1; seed <= 10_000; seed++) expect(await playGrants(seed)).toBeNull();
});
