import { expect, test } from 'vitest';
import { messageView, previewText } from '../../../src/background/messages/model.ts';
import { utf8 } from '../../../src/protocol/bytes.ts';
import { encodeContent } from '../../../src/protocol/content.ts';
import { alice } from '../../support/people.ts';

const stored = (payload: Uint8Array) => ({ id: 'a', conversation: 'c', sender: alice.address, mine: false, sentAt: 1, payload });

test('a stored message that this version does not take is shown as unknown, and hides no other', async () => {
  const reaction = encodeContent({ type: 'xmtp.org/reaction:1.0', parameters: new Map(), content: utf8('[1]') });
  expect((await messageView(stored(reaction), null)).shown.form).toBe('unknown');
  expect((await messageView(stored(Uint8Array.of(255)), null)).shown.form).toBe('unknown');
});

test('a preview is one line of at most 160 characters', () => {
  expect(previewText({ form: 'text', text: ' a\n\n b ' })).toBe('a b');
  expect([...previewText({ form: 'text', text: '🎹'.repeat(500) })]).toHaveLength(160);
  expect(previewText({ form: 'text', text: `${' '.repeat(319)}🎹` })).toBe('');
});
