import { describe, expect, test } from 'vitest';
import { at, objections } from './page.ts';

describe('a conversation', () => {
  test('opens at its end, in order, with own messages marked', () =>
    at({ route: '#/conversation/c0' }, async (page) => {
      const shown = page.getByRole('log', { name: 'Messages' }).getByRole('article');
      await shown.nth(30).waitFor({ state: 'attached' });
      expect(await shown.count()).toBe(31);
      const times = await shown.evaluateAll((all) => all.map((each) => Number(each.getAttribute('data-time'))));
      expect(times).toEqual(times.toSorted((a, b) => a - b));
      expect(await shown.last().isVisible()).toBe(true);
      await page.getByRole('button', { name: 'Discard' }).waitFor();
      await page.getByText('2 new').waitFor();
    }));

  test('stays at its end when the room for it changes: a bar comes above it, or the field below it grows', () =>
    at({ scene: 'offline', route: '#/conversation/c0' }, async (page) => {
      const hidden = (): Promise<number> =>
        page.getByRole('log').evaluate((log) => Math.round(log.scrollHeight - log.clientHeight - log.scrollTop));
      await page.locator('.node-bar').waitFor();
      await page.waitForTimeout(100);
      expect(await hidden()).toBeLessThanOrEqual(1);
      await page.getByRole('textbox', { name: 'Message', exact: true }).fill('a\nb\nc\nd');
      await page.waitForTimeout(100);
      expect(await hidden()).toBeLessThanOrEqual(1);
      // Who reads further up stays there.
      await page.getByRole('log').evaluate((log) => log.scrollTo(0, 300));
      await page.setViewportSize({ width: 400, height: 500 });
      await page.waitForTimeout(100);
      expect(await page.getByRole('log').evaluate((log) => log.scrollTop)).toBe(300);
    }));

  test('draws what the window shows first, then the rest above it, and nothing moves', () =>
    at({}, async (page) => {
      const seen = await page.evaluate(async () => {
        const frames: { readonly count: number; readonly bottom: number; readonly live: string | null }[] = [];
        location.hash = '#/conversation/c0';
        while (frames.at(-1)?.live !== 'polite') {
          await new Promise(requestAnimationFrame);
          const log = document.querySelector('[role=log]');
          const all = log?.querySelectorAll('article') ?? [];
          const bottom = all[all.length - 1]?.getBoundingClientRect().bottom;
          if (log && bottom !== undefined) frames.push({ count: all.length, bottom, live: log.getAttribute('aria-live') });
        }
        return frames;
      });
      expect(seen.at(-1)?.count).toBe(31);
      // A screen reader is not told of what was said before: only what comes from then on is news.
      for (const { count, live } of seen) if (count < 31) expect(live).toBe('off');
      expect(new Set(seen.map(({ bottom }) => Math.round(bottom))).size).toBe(1);
    }));

  test('is asked for in one question, before anybody presses, and nothing is read by that', () =>
    at({ route: '#/conversation/c0' }, async (page) => {
      const asked = (of: string): Promise<string[]> =>
        page.evaluate(
          (of: string) => (window as unknown as { asked: [string, string][] }).asked.flatMap(([what, id]) => (id === of ? [what] : [])),
          of,
        );
      await page.getByRole('link', { name: 'Back' }).click();
      const row = page.getByRole('list', { name: 'Conversations' }).getByRole('link').nth(1);
      await row.hover();
      await page.waitForFunction(() => (window as unknown as { asked: [string, string][] }).asked.some(([, id]) => id === 'c1'));
      expect(await asked('c1')).toEqual(['openConversation']);
      await row.click();
      await page.getByRole('log').getByRole('article').nth(30).waitFor({ state: 'attached' });
      await page.waitForFunction(() =>
        (window as unknown as { asked: [string, string][] }).asked.some(([what, id]) => what === 'markRead' && id === 'c1'),
      );
      const ofMessages = await page.evaluate(() =>
        (window as unknown as { asked: [string, string, string, object][] }).asked
          .filter(([what, id]) => id === 'c1' && /Conversation|Messages/.test(what))
          .map(([what, , , params]) => [what, params]),
      );
      // What the window has room for; then, while that is painted, what stands above it, and nothing twice.
      expect(ofMessages).toEqual([
        ['openConversation', { id: 'c1', limit: 15 }],
        ['listMessages', { id: 'c1', limit: 35, before: expect.any(String) }],
      ]);
    }));

  test('marks where the new ones begin, also above all that the first look has', () =>
    at({ scene: 'much unread', route: '#/conversation/c0' }, async (page) => {
      await page.getByText('12 new').waitFor();
      const below = await page.locator('.message').evaluateAll((all) => {
        const line = document.querySelector('.unread-line');
        return all.flatMap((each) =>
          line && line.compareDocumentPosition(each) & Node.DOCUMENT_POSITION_FOLLOWING ? [each.getAttribute('data-mine')] : [],
        );
      });
      expect(below.length).toBeGreaterThan(15);
      expect(below.filter((mine) => mine === 'false')).toHaveLength(12);
    }));

  test('draws no more for the first look than is seen of it, and each message once', () =>
    at({}, async (page) => {
      const seen = await page.evaluate(async () => {
        const states: { readonly messages: number; readonly tools: number; readonly titles: number; readonly live: string | null }[] = [];
        let added = 0;
        await new Promise<void>((resolve) => {
          new MutationObserver((changes, observer) => {
            for (const { addedNodes } of changes)
              for (const node of addedNodes)
                if (node instanceof Element) added += (node.matches('article') ? 1 : 0) + node.querySelectorAll('article').length;
            const log = document.querySelector('[role=log]');
            const messages = log?.querySelectorAll('article').length ?? 0;
            if (!log || messages === 0) return;
            const [tools, titles] = ['.tools', '.bubble[title]'].map((each) => log.querySelectorAll(each).length) as [number, number];
            states.push({ messages, tools, titles, live: log.getAttribute('aria-live') });
            if (states.at(-1)?.live !== 'polite') return;
            observer.disconnect();
            resolve();
          }).observe(document.body, { subtree: true, childList: true, attributes: true });
          location.hash = '#/conversation/c0';
        });
        return { states, added };
      });
      expect(seen.states[0]).toEqual({ messages: 15, tools: 0, titles: 0, live: 'off' });
      expect(seen.states.at(-1)).toMatchObject({ messages: 31, titles: 31, live: 'polite' });
      expect(seen.states.at(-1)?.tools).toBeGreaterThan(25);
      expect(seen.added).toBe(31);
    }));

  test('shows what came between the question and the press', () =>
    at({ route: '#/conversation/c0' }, async (page) => {
      await page.getByRole('link', { name: 'Back' }).click();
      const row = page.getByRole('list', { name: 'Conversations' }).getByRole('link').nth(1);
      await row.hover();
      await page.waitForFunction(() => (window as unknown as { asked: [string, string][] }).asked.some(([, id]) => id === 'c1'));
      await page.evaluate(() => {
        const { tellEvent, say } = window as unknown as Record<'tellEvent' | 'say', (...told: unknown[]) => void>;
        say('this came last');
        tellEvent('messages', { conversation: 'c1' });
      });
      await row.click();
      await page.getByRole('log').getByText('this came last').waitFor();
    }));

  test('that cannot be read says so, and is there once it can', () =>
    at({ scene: 'failing', route: '#/conversation/c0' }, async (page) => {
      await page.getByRole('button', { name: 'Try again' }).waitFor();
      await page.evaluate(() => (window as unknown as { mend: () => void }).mend());
      await page.getByRole('button', { name: 'Try again' }).click();
      await page.getByRole('log').getByRole('article').first().waitFor({ state: 'attached' });
    }));

  test('shows text as text: no markup, links that go where they say', () =>
    at({ route: '#/conversation/c0' }, async (page) => {
      const link = page.getByRole('log').getByRole('link').first();
      await link.click();
      await page.getByRole('dialog', { name: 'Open example.org?' }).waitFor();
      await page.keyboard.press('Escape');
      await link.click({ button: 'middle' });
      await page.getByRole('dialog', { name: 'Open example.org?' }).waitFor();
      expect(page.context().pages()).toHaveLength(1);
      await page.keyboard.press('Escape');
      expect(await link.getAttribute('href')).toBe('https://example.org/pictures?album=move');
      expect(await link.getAttribute('rel')).toBe('noopener noreferrer');
    }));
});

describe('a message', () => {
  test('is answered by its menu, with a quote; pressing a quote goes there', () =>
    at({ route: '#/conversation/c0' }, async (page) => {
      const message = page.getByRole('article').nth(29);
      await message.getByRole('button', { name: 'Message' }).press('Enter');
      await page.getByRole('menuitem', { name: 'Reply' }).press('Enter');
      expect(await page.evaluate(() => document.activeElement?.localName)).toBe('textarea');
      await page.getByRole('button', { name: 'Do not reply to this message' }).click();
      await page.getByRole('button', { name: /^Go to the message that this answers/ }).click();
      expect(await page.evaluate(() => document.activeElement?.getAttribute('data-id'))).toBe('3'.padStart(64, '0'));
    }));

  test('takes signs from a few, and from all that there are', () =>
    at({ route: '#/conversation/c0' }, async (page) => {
      const list = page.getByRole('list', { name: 'Reactions' });
      expect(await list.getByRole('button').first().getAttribute('aria-pressed')).toBe('true');
      await page.getByRole('article').nth(29).getByRole('button', { name: 'React' }).press('Enter');
      await page.getByRole('button', { name: 'All emoji' }).click();
      await page.getByRole('searchbox', { name: 'Search emoji' }).fill('piano');
      await page.getByRole('button', { name: 'musical keyboard' }).waitFor({ state: 'detached' });
      await page.getByRole('searchbox', { name: 'Search emoji' }).fill('musical keyboard');
      await page.getByRole('button', { name: 'musical keyboard' }).click();
      await page.getByRole('dialog').waitFor({ state: 'detached' });
    }));

  test('is forwarded into the field of another conversation, where it waits to be sent', () =>
    at({ route: '#/conversation/c0' }, async (page) => {
      await page.getByRole('article').nth(29).getByRole('button', { name: 'Message' }).press('Enter');
      await page.getByRole('menuitem', { name: 'Forward' }).press('Enter');
      const dialog = page.getByRole('dialog', { name: 'Forward to' });
      await dialog.getByText('it is sent when you send it').waitFor();
      expect(await objections(page)).toEqual([]);
      await dialog.getByRole('listitem').nth(1).getByRole('button').press('Enter');
      await dialog.waitFor({ state: 'detached' });
      expect(new URL(page.url()).hash).toBe('#/conversation/c1');
    }));

  test('far from the newest leads back to it', () =>
    at({ route: '#/conversation/c0' }, async (page) => {
      const newest = page.getByRole('button', { name: 'Newest message' });
      const last = page.getByRole('article').last();
      expect(await newest.count()).toBe(0);
      await page.getByRole('article').first().scrollIntoViewIfNeeded();
      await newest.click();
      await newest.waitFor({ state: 'detached' });
      expect(await last.evaluate((element) => element.getBoundingClientRect().bottom < innerHeight)).toBe(true);
    }));

  test('says what deleting here means before it does so', () =>
    at({ route: '#/conversation/c0' }, async (page) => {
      await page.getByRole('article').nth(29).getByRole('button', { name: 'Message' }).press('Enter');
      await page.keyboard.press('End');
      await page.keyboard.press('Enter');
      await page.getByText('The other side keeps it').waitFor();
      await page.getByRole('button', { name: 'Delete here' }).click();
      await page.getByRole('status').getByText('Deleted here.').waitFor({ state: 'attached' });
    }));
});

describe('what can be done with a message', () => {
  for (const [language, width] of [
    ['en', 320],
    ['en', 1280],
    ['ar', 320],
    ['ar', 1280],
  ] as const)
    test(`stands beside its bubble, and its list within the page: ${language}, ${width} wide`, () =>
      at({ route: '#/conversation/c0', language }, async (page) => {
        await page.setViewportSize({ width, height: 700 });
        await page.locator('.message:has(.tools)').nth(11).waitFor({ state: 'attached' });
        const all = await page.locator('.message:has(.tools)').all();
        expect(all.length).toBeGreaterThan(10);
        for (const message of all) {
          const tools = message.locator('.tools');
          const [bubble, beside] = [await message.locator('.bubble').boundingBox(), await tools.boundingBox()];
          if (!bubble || !beside) throw new Error('not drawn');
          const apart = Math.max(bubble.x - (beside.x + beside.width), beside.x - (bubble.x + bubble.width));
          expect(Math.abs(apart)).toBeLessThan(9);
          expect([beside.x >= 0, beside.x + beside.width <= width]).toEqual([true, true]);
        }
        // The shortest, the longest and the last of each side.
        for (const side of ['true', 'false']) {
          const widths = await page
            .locator(`.message[data-mine="${side}"]:has(.tools) .bubble`)
            .evaluateAll((bubbles) => bubbles.map((each) => each.getBoundingClientRect().width));
          for (const nth of [widths.indexOf(Math.min(...widths)), widths.indexOf(Math.max(...widths)), widths.length - 1]) {
            const tools = page.locator(`.message[data-mine="${side}"]:has(.tools)`).nth(nth).locator('.tools');
            await tools.locator('.menu > button').click();
            const list = await page.getByRole('menu').boundingBox();
            const log = await page.getByRole('log').boundingBox();
            if (!list || !log) throw new Error('not drawn');
            expect([list.x >= log.x, list.x + list.width <= log.x + log.width]).toEqual([true, true]);
            expect([list.y >= log.y, list.y + list.height <= log.y + log.height]).toEqual([true, true]);
            await page.keyboard.press('Escape');
          }
        }
      }));
});

describe('a group', () => {
  test('takes members one by one, by Enter too, and none twice', () =>
    at({ route: '#/new' }, async (page) => {
      await page.getByRole('button', { name: 'Make a group' }).click();
      await page.getByRole('textbox', { name: 'Name of the group' }).fill('Friday table');
      const address = page.getByRole('textbox', { name: 'Wallet address' });
      const make = page.getByRole('button', { name: /^Make the group/ });
      expect(await make.isDisabled()).toBe(true);
      for (const last of ['1', '2']) {
        await address.fill(`0x${'0'.repeat(39)}${last}`);
        await page.getByText('Can be reached.').waitFor();
        await address.press('Enter');
      }
      const members = page.getByRole('list', { name: 'Members' }).getByRole('listitem');
      expect(await members.count()).toBe(2);
      await address.fill(`0x${'0'.repeat(39)}2`);
      await page.getByText('Is in the list already.').waitFor();
      expect(await page.getByRole('button', { name: 'Add', exact: true }).isDisabled()).toBe(true);
      expect(await objections(page)).toEqual([]);
      await page
        .getByRole('button', { name: /^Leave out/ })
        .first()
        .click();
      await page.getByRole('button', { name: 'Make the group with 1 other' }).click();
      await page.getByRole('log', { name: 'Messages' }).waitFor();
    }));

  test('says what removing and ending mean before it does so', () =>
    at({ scene: 'own group', route: '#/conversation/c4/details' }, async (page) => {
      await page
        .getByRole('button', { name: /^Remove 0x/ })
        .first()
        .click();
      await page.getByText('They keep what was said until now').waitFor();
      expect(await objections(page)).toEqual([]);
      await page.getByRole('button', { name: 'Cancel' }).click();
      await page.getByRole('button', { name: 'End the group…' }).click();
      await page.getByText('Nobody can write in it afterwards').waitFor();
    }));
});

test('a whole address stands in one line or in two even ones, and is read as it is', () =>
  at({ scene: 'empty', route: '#/conversation/c0' }, async (page) => {
    const whole = page.locator('.beginning .address-full');
    // The prefix is a group of its own.
    for (const [width, lines] of [
      [320, [6, 5]],
      [400, [6, 5]],
      [900, [11]],
    ] as const) {
      await page.setViewportSize({ width, height: 600 });
      const told = async (): Promise<number[]> => {
        const tops = await whole
          .locator('span:not(:has(span))')
          .evaluateAll((all) => all.map((each) => Math.round(each.getBoundingClientRect().top)));
        return [...new Set(tops)].map((top) => tops.filter((each) => each === top).length);
      };
      // With more room the page is drawn anew, in two parts.
      await expect.poll(told, { timeout: 30_000, message: `${width} wide` }).toEqual(lines);
    }
    expect(await whole.textContent()).toMatch(/^0x[0-9a-fA-F]{40}$/);
    const selected = await whole.evaluate((element) => {
      getSelection()?.selectAllChildren(element);
      return getSelection()?.toString();
    });
    expect(selected?.trim()).toBe(await whole.textContent());
  }));

test('somebody is called by the name that they were given, which only its owner sees', () =>
  at({ scene: 'named', route: '#/conversation/c0' }, async (page) => {
    await page.getByRole('heading', { name: 'Zoë Quinn' }).waitFor();
    await page.getByRole('link', { name: 'Details and safety number', exact: true }).click();
    const name = page.getByRole('textbox', { name: 'Name', exact: true });
    await page.waitForFunction(() => document.querySelector<HTMLInputElement>('form.group input')?.value === 'Zoë Quinn');
    const save = page.getByRole('button', { name: 'Save', exact: true });
    expect(await save.isDisabled()).toBe(true);
    await name.fill('x'.repeat(61));
    await page.getByText('At most 60 characters.').waitFor();
    expect(await save.isDisabled()).toBe(true);
    await name.fill('');
    await page.getByRole('button', { name: 'Remove the name', exact: true }).waitFor();
  }));
