import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { addressGroups, findAddress, shortAddress } from '../../src/popup/address.ts';
import { longestShown, pieces, visible, visibleLine } from '../../src/popup/text.ts';
import { parseAddress } from '../../src/protocol/address.ts';
import { refused } from '../protocol/refused.ts';
import { alice } from '../support/people.ts';

/** Our rules of verification that are about what people see; see README.md. Look-alikes are found by the background (test/background/messages/conversation.test.ts). */

const popup = new URL('../../src/popup/', import.meta.url);
const screens = readdirSync(popup, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.tsx'))
  .map((name) => [name, readFileSync(new URL(name, popup), 'utf8')] as const);

describe('what people see', () => {
  it('V18: text is text: what turns or hides is shown, and a link says where it leads', () => {
    for (const [name, text] of screens)
      expect({ name, found: /dangerouslySetInnerHTML|innerHTML|srcdoc/.exec(text)?.[0] }).toEqual({ name, found: undefined });
    const marks = [
      '\u202a',
      '\u202e',
      '\u2066',
      '\u2069',
      '\u200e',
      '\u200f',
      '\u061c',
      '\u200b',
      '\u2060',
      '\ufeff',
      '\u00ad',
      '\u{e0041}',
      '\u{e0001}',
    ];
    for (const mark of marks) {
      const shown = visible(`invoice${mark}fdp.exe`);
      expect(shown).toBe(`invoice[U+${(mark.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]fdp.exe`);
    }
    expect(visible('pay\u200dpal')).toBe('pay[U+200D]pal');
    // What people write in their languages stays as it is.
    for (const text of ['👩‍👩‍👧', 'می‌خواهم', '🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}', 'क्‍ष', 'שלום'])
      expect(visible(text)).toBe(text);

    const link = (text: string) => pieces(text).find(({ href }) => href !== undefined);
    expect(link('see https://example.org/a?b=c .')).toMatchObject({
      text: 'https://example.org/a?b=c',
      href: 'https://example.org/a?b=c',
      host: 'example.org',
    });
    // A Cyrillic letter in the host, and the same with the true name as bait further on.
    expect(link('https://ехample.org/')?.text).toMatch(/^https:\/\/xn--/);
    expect(link('https://ехample.org/?xn--ample-ouef.org=https://example.org')?.text).toMatch(/^https:\/\/xn--/);
    for (const text of [
      'https://example.org@evil.example/',
      'https://a:b@evil.example/',
      'javascript:alert(1)',
      'data:text/html,x',
      'ftp://a.example',
    ])
      expect(link(text)).toBeUndefined();
    expect(
      pieces('a https://x.example b')
        .map(({ text }) => text)
        .join(''),
    ).toBe('a https://x.example b');
    expect(longestShown).toBe(65_536);
    expect(visibleLine(`a\n${'b'.repeat(1000)}`)).toHaveLength(300);
    const body = screens.find(([name]) => name.endsWith('Body.tsx'))?.[1] ?? '';
    expect(body).toContain('<bdi>');
    // Whatever opens elsewhere learns nothing of where it was opened, unless it is our own.
    const elsewhere = screens.flatMap(([, text]) =>
      [...text.matchAll(/<a\b[^<]*?target="_blank"[^<]*?rel="([^"]*)"/gs)].map(([tag, rel]) => ({ tag, rel })),
    );
    expect(elsewhere.length).toBeGreaterThanOrEqual(2);
    for (const { tag, rel } of elsewhere) expect(rel).toBe(tag.includes('href="popup.html') ? 'noopener' : 'noopener noreferrer');
    expect(screens.map(([, text]) => text.split('target="_blank"').length - 1).reduce((a, b) => a + b)).toBe(elsewhere.length);
  });

  it('V19: an address has its checksum, is shown whole where it counts, and six and six elsewhere', async () => {
    expect(parseAddress(alice.address.toLowerCase())).toBe(alice.address);
    const swapped = alice.address.replace(/[a-f]/i, (letter) =>
      letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(),
    );
    expect(swapped).not.toBe(alice.address);
    await refused('malformed', () => parseAddress(swapped));
    expect(shortAddress(alice.address)).toBe(`${alice.address.slice(0, 8)}…${alice.address.slice(-6)}`);
    expect(addressGroups(alice.address).join('')).toBe(alice.address);
    expect(findAddress(`pay ${alice.address}, please`)).toBe(alice.address);
    expect(findAddress(`${alice.address}00`)).toBeNull();
    for (const screen of ['Approve.tsx', 'NewConversation.tsx', 'Log.tsx'])
      expect(screens.find(([name]) => name.endsWith(screen))?.[1]).toMatch(/<(Full|Copy)Address/);
  });
});
