import { describe, expect, it } from 'vitest';
import { addSigns, reasonsFor, signsOf } from '../../../src/background/messages/spam.ts';

describe('what looks like spam', () => {
  it.each([
    ['see https://example.org/x', ['link']],
    ['go to www.example', ['link']],
    ['claim-now.xyz has it', ['link']],
    ['Send me your seed phrase to restore it', ['secret']],
    ['we need the 24 words of the account', ['secret']],
    ['Claim your free airdrop', ['bait']],
    ["You've won 5 ETH, guaranteed profit", ['bait']],
    ['pay \u202e001', ['hidden']],
    ['Verify your wallet at https://meta-mask.app to claim your airdrop', ['secret', 'bait', 'link']],
  ])('finds in "%s" what is there', (text, signs) => expect(signsOf(text).toSorted()).toEqual(signs.toSorted()));

  it.each([
    'Hello Bob, this is Alice. We met on Friday at the old bridge.',
    'The meeting is at 12:30, words fail me.',
    'My address is alice@example.com... or was it?'.replace('@example.com', ' at home'),
    'Würden Sie mir das Buch zurückgeben? Danke.',
    'مرحبا، كيف حالك اليوم؟',
    'Family 👩‍👩‍👧‍👦 and a flag 🏴󠁧󠁢󠁥󠁮󠁧󠁿',
  ])('finds nothing in "%s"', (text) => expect(signsOf(text)).toEqual([]));

  it('keeps each sign once, and leaves the list alone when nothing is new', () => {
    const once = addSigns([], { form: 'text', text: 'https://a.example' });
    expect(addSigns(once, { form: 'text', text: 'https://b.example' })).toBe(once);
    expect(addSigns(once, { form: 'unknown', type: 'x/y:1.0', fallback: 'Claim your airdrop' })).toEqual(['link', 'bait']);
  });

  it('names whom an address looks like, and how many conversations it began, and neither for who is known', () => {
    const friend = '0x52f3a19FbA55cd5Ad5b6cBdE8b3d5c4A8Ed09c1A';
    const other = '0x52f3000000000000000000000000000000009c1A';
    const known = (ends: string) => (ends === '52f3 9c1a' ? (friend as `0x${string}`) : undefined);
    expect(reasonsFor({ peer: other }, known, 4)).toEqual([
      { kind: 'look-alike', known: friend },
      { kind: 'many', count: 4 },
    ]);
    expect(reasonsFor({ peer: friend }, known, 1)).toEqual([]);
  });
});
