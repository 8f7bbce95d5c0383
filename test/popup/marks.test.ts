import { expect, it } from 'vitest';
import { readMarks } from '../../src/popup/marks.ts';

it.each([
  ['plain', false, [{ kind: 'text', text: 'plain' }]],
  [
    'a `b*c` d',
    false,
    [
      { kind: 'text', text: 'a ' },
      { kind: 'code', text: 'b*c' },
      { kind: 'text', text: ' d' },
    ],
  ],
  [
    '**so** it is',
    false,
    [
      { kind: 'bold', parts: [{ kind: 'text', text: 'so' }] },
      { kind: 'text', text: ' it is' },
    ],
  ],
  ['2 ** 3 ** 4, *a* and snake_case_name', false, [{ kind: 'text', text: '2 ** 3 ** 4, *a* and snake_case_name' }]],
  [
    'snake_case_name _so_',
    true,
    [
      { kind: 'text', text: 'snake_case_name ' },
      { kind: 'italic', parts: [{ kind: 'text', text: 'so' }] },
    ],
  ],
  [
    '```ts\nlet a = 1;\n```\nafter',
    false,
    [
      { kind: 'block', text: 'let a = 1;' },
      { kind: 'text', text: 'after' },
    ],
  ],
  [
    '- one\n2. two',
    true,
    [
      { kind: 'item', parts: [{ kind: 'text', text: '• one' }] },
      { kind: 'item', parts: [{ kind: 'text', text: '2. two' }] },
    ],
  ],
  ['<b>no</b>', true, [{ kind: 'text', text: '<b>no</b>' }]],
] as const)('%j, all marks: %s', (text, all, parts) => expect(readMarks(text, all)).toEqual(parts));

it('loses no letter but the marks, and takes no time for what never closes', () => {
  const letters = (parts: readonly ReturnType<typeof readMarks>[number][]): string =>
    parts.map((part) => ('text' in part ? part.text : letters(part.parts))).join('');
  for (const text of ['**'.repeat(20_000), '`'.repeat(40_001), '_'.repeat(40_000), '*a '.repeat(15_000), '```'.repeat(9_999)])
    expect(letters(readMarks(text, true)).length).toBeGreaterThan(0);
});
