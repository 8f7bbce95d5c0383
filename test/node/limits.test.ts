import { Code, ConnectError } from '@connectrpc/connect';
import { describe, expect, test } from 'vitest';
import { networkOf, RateLimiter } from '../../src/node/limits.ts';

describe('a rate limiter', () => {
  const refusalOf = (work: () => void): ConnectError | undefined => {
    try {
      work();
    } catch (error) {
      return ConnectError.from(error);
    }
    return undefined;
  };

  test('lets a burst through, then names the limit and when to try again', () => {
    let now = 0;
    const limiter = new RateLimiter('this wallet', 2, () => now);
    limiter.spend('a', 200);
    const refusal = refusalOf(() => limiter.spend('a', 5));
    expect(refusal).toMatchObject({
      code: Code.ResourceExhausted,
      rawMessage: '5 exceeds rate limit of this wallet: 2 per second; try again in 3 s',
    });
    expect(refusal?.metadata.get('retry-after')).toBe('3');
    now = 2999;
    limiter.spend('a', 5);
  });

  test('never refuses who stays below the rate, however often he calls', () => {
    let now = 0;
    const limiter = new RateLimiter('x', 10, () => now);
    limiter.spend('a', 1000); // the burst is spent
    for (let call = 0; call < 10_000; call++) {
      now += 111; // nine a second
      limiter.spend('a', 1);
    }
  });

  test('by the day lets all of a day through at once, and then as it comes back', () => {
    let now = 0;
    const limiter = new RateLimiter('x', 24, () => now, 'day');
    limiter.spend('a', 24);
    const refusal = refusalOf(() => limiter.spend('a', 1));
    expect(refusal?.rawMessage).toBe('1 exceeds rate limit of x: 24 per day; try again in 3600 s');
    now = 3_600_000;
    limiter.spend('a', 1);
    expect(refusalOf(() => limiter.spend('a', 1))).toBeDefined();
    expect(refusalOf(() => limiter.spend('b', 25))?.rawMessage).toContain('at most 24 at once');
  });

  test("does not let one spend what is another's", () => {
    const limiter = new RateLimiter('x', 1, () => 0);
    limiter.spend('a', 100);
    expect(refusalOf(() => limiter.spend('a', 1))).toBeDefined();
    limiter.spend('b', 100);
  });

  test('says so when a request is larger than could ever pass', () => {
    expect(refusalOf(() => new RateLimiter('x', 1, () => 0).spend('a', 101))?.rawMessage).toContain('at most 100 at once');
  });

  test('gives nothing for a clock that is set back, and is none at rate 0', () => {
    let now = 1_000_000;
    const limiter = new RateLimiter('x', 1, () => now);
    limiter.spend('a', 100);
    now = 0;
    expect(refusalOf(() => limiter.spend('a', 1))).toBeDefined();
    new RateLimiter('x', 0, () => 0).spend('a', 1_000_000_000);
  });
});

test.each([
  ['127.0.0.1', '127.0.0.1'],
  ['::ffff:10.0.0.7', '10.0.0.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:0db8:0001:0002::1', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['::1:0:0:10.0.0.7', '0:0:0:1::/64'],
  ['::ffff:a00:7', '10.0.0.7'],
])('%s counts as %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});
