import { afterEach, expect, test } from 'vitest';
import { clockTime } from '../../src/popup/time.ts';

const zone = process.env['TZ'];
afterEach(() => {
  if (zone === undefined) delete process.env['TZ'];
  else process.env['TZ'] = zone;
});

test('times are those of where one is now, also for a page that stays open on the way', () => {
  const noon = Date.UTC(2026, 10, 3, 12);
  process.env['TZ'] = 'UTC';
  expect(clockTime(noon, 'en-GB')).toBe('12:00');
  process.env['TZ'] = 'Asia/Tokyo';
  expect(clockTime(noon, 'en-GB')).toBe('21:00');
});
