import type { Address } from '../../protocol/address.ts';
import type { SpamReason } from '../../rpc/views/conversations.ts';
import type { Shown } from '../../rpc/views/messages.ts';

/** What in the words of a stranger looks like spam. Local rules and plain ones: each names what a person can check for themselves. */
export type Sign = 'link' | 'secret' | 'bait' | 'hidden';

const rules: readonly (readonly [Sign, RegExp])[] = [
  [
    'secret',
    /\b(?:seed|recovery|secret|mnemonic|backup)[\s-]+(?:phrase|words?)\b|\bprivate[\s-]+keys?\b|\bpass(?:word|phrase)\b|\b(?:12|24|twelve|twenty-four)[\s-]+words?\b|\b(?:verify|validate|connect|sync|restore) your wallet\b/i,
  ],
  [
    'bait',
    /\b(?:air\s?drops?|give\s?aways?|free (?:mint|tokens?|nfts?|eth|btc|usdc|usdt)|claim (?:your|now|here|free)|you(?:'|’)?(?:ve| have) (?:won|been selected)|double your|guaranteed (?:profits?|returns?)|whitelist(?:ed)?)\b/i,
  ],
  [
    'link',
    /https?:\/\/|\bwww\.|(?<![\w@.])(?:[a-z0-9-]+\.)+(?:com|net|org|io|xyz|app|link|info|top|site|online|finance|gift|vip|me|ly|gg|co)\b(?!@)/i,
  ],
  [
    'hidden',
    /[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\u00ad\u180e\u200b\u2060-\u2064\ufeff]|(?<!\u{1f3f4}[\u{e0020}-\u{e007e}]*)[\u{e0000}-\u{e007f}]/u,
  ],
];

/** Characters that are looked at; what convinces nobody in these is no bait. */
const longestRead = 10_000;

export function signsOf(text: string): Sign[] {
  const read = text.slice(0, longestRead);
  return rules.flatMap(([sign, rule]) => (rule.test(read) ? [sign] : []));
}

/** The signs known so far, and those of one message more. */
export function addSigns(known: readonly Sign[], shown: Shown): readonly Sign[] {
  if (shown.form === 'reply') return addSigns(known, shown.content);
  const text = shown.form === 'text' ? shown.text : (shown.fallback ?? '');
  const fresh = signsOf(text).filter((sign) => !known.includes(sign));
  return fresh.length === 0 ? known : [...known, ...fresh];
}

/** Conversations from one address beyond which it is worth telling. */
const manyConversations = 3;

/** What people compare of an address: how it begins and ends. */
export const endsOf = (address: string): string => `${address.slice(2, 6)} ${address.slice(-4)}`.toLowerCase();

/** Everything that speaks against a request. `known` finds, by its ends, somebody of the inbox; `count`: conversations of this address. */
export function reasonsFor(
  { peer, signs = [] }: { readonly peer: Address; readonly signs?: readonly Sign[] },
  known: (ends: string) => Address | undefined,
  count: number,
): SpamReason[] {
  const like = known(endsOf(peer));
  return [
    ...(like !== undefined && like !== peer ? [{ kind: 'look-alike', known: like } as const] : []),
    ...rules.flatMap(([kind]) => (signs.includes(kind) ? [{ kind }] : [])),
    ...(count > manyConversations ? [{ kind: 'many', count } as const] : []),
  ];
}
