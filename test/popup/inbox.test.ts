import { describe, expect, test } from 'vitest';
import { at, objections, stage } from './page.ts';

describe('the inbox', () => {
  test('lists conversations as links with the short address and the preview', () =>
    at({}, async (page) => {
      const list = page.getByRole('list', { name: 'Conversations' });
      const row = list.getByRole('listitem').first();
      expect(await row.textContent()).toContain('0xD6FB14…951d9e');
      expect(await row.textContent()).toContain('See you at seven');
      await row.getByRole('link').press('Enter');
      await page.getByRole('log', { name: 'Messages' }).waitFor();
    }));

  test.each(['en', 'ar'])('cuts what a conversation is about at its own end, beside a whole name (%s)', (language) =>
    at({ language }, async (page) => {
      await page.setViewportSize({ width: 320, height: 600 });
      const row = page.getByRole('list').last().getByRole('listitem').nth(2);
      const about = await row.locator('.thread bdi').evaluate((element) => {
        const [own, outer] = [element, element.closest('.name') as Element].map((each) => each.getBoundingClientRect()) as [
          DOMRect,
          DOMRect,
        ];
        return {
          within: own.left >= outer.left && own.right <= outer.right,
          cut: element.scrollWidth > element.clientWidth,
          runs: getComputedStyle(element).direction,
        };
      });
      expect(about).toEqual({ within: true, cut: true, runs: 'ltr' });
      const name = await row.locator('.name .address').evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth);
      expect(name).toBe(0);
    }),
  );

  test('has rows of one height, whatever stands at their ends', () =>
    at({}, async (page) => {
      const heights = await page
        .getByRole('listitem')
        .evaluateAll((rows) => rows.map((row) => Math.round(row.getBoundingClientRect().height)));
      expect(new Set(heights).size).toBe(1);
    }));

  test.each(['en', 'de', 'es', 'fr', 'ar'])('has its tabs whole in the narrowest window (%s)', (language) =>
    at({ language }, async (page) => {
      await page.setViewportSize({ width: 320, height: 600 });
      const outside = await page.getByRole('tablist').evaluate((list) => {
        const { left, right } = list.getBoundingClientRect();
        return [...list.children]
          .filter((tab) => tab.getBoundingClientRect().left < left - 1 || tab.getBoundingClientRect().right > right + 1)
          .map((tab) => tab.textContent);
      });
      expect(outside).toEqual([]);
    }),
  );

  test('marks what waits in a composer as a draft, be it words, files, or both, and what was sent off and is no message yet', () =>
    at({}, async (page) => {
      const previews = await page.getByRole('list', { name: 'Conversations' }).locator('.preview').allTextContents();
      const drafts = previews.map((each) => each.replace(/\s+/g, ' ').trim()).filter((each) => /^(Draft|Not sent yet)/.test(each));
      expect(drafts).toEqual(['Draft 1 file I was about to say that', 'Draft 3 files', 'Not sent yet 2 files']);
    }));

  test('has its list also while it is empty, and says how to be reached', () =>
    at({ scene: 'empty' }, async (page) => {
      expect(await page.getByRole('list', { name: 'Conversations' }).count()).toBe(1);
      await page.getByText('0xca9Feb3AeA471001A867e53E027a65af7E94a987').waitFor();
      await page.getByText('Show as a QR code').click();
      await page.getByRole('img', { name: 'QR code of the address 0xca9Feb3AeA471001A867e53E027a65af7E94a987' }).waitFor();
    }));

  test('says what is wrong with the node and stays readable', () =>
    at({ scene: 'offline' }, async (page) => {
      await page.getByText('The node at 127.0.0.1:5555 did not answer.').waitFor();
      expect(await page.getByRole('listitem').count()).toBeGreaterThan(5);
    }));

  test('says what it could not read, and tries again on request', () =>
    at({ scene: 'failing' }, async (page) => {
      await page.getByRole('alert').waitFor();
      await page.getByRole('button', { name: 'Try again' }).click();
      await page.getByRole('alert').waitFor();
    }));
});

describe('the first look', () => {
  test('shows what the background left, with its names, until it answers', () =>
    at({ scene: 'ahead' }, async (page) => {
      const rows = page.getByRole('list', { name: 'Conversations' }).getByRole('listitem');
      expect(await rows.count()).toBe(5);
      expect(await rows.first().textContent()).toContain('Zoë Quinn');
      expect(await rows.first().textContent()).toContain('as it was');
      expect(await objections(page)).toEqual([]);
    }));

  test('gives way to what the background answers', () =>
    at({ scene: 'then, after what is ahead' }, async (page) => {
      const list = page.getByRole('list', { name: 'Conversations' });
      await list.getByText('as it was').first().waitFor();
      await page.evaluate('answerNow()');
      await list.getByText('as it was').first().waitFor({ state: 'detached' });
      expect(await list.getByRole('listitem').first().textContent()).toContain('0xD6FB14…951d9e');
      await list.getByRole('listitem').nth(5).waitFor();
    }));

  test('does not stay where the background answers that it cannot say', () =>
    at({ scene: 'failing, after what is ahead' }, async (page) => {
      const list = page.getByRole('list', { name: 'Conversations' });
      await list.getByText('as it was').first().waitFor();
      await page.evaluate('answerNow()');
      await page.getByRole('alert').waitFor();
      expect(await page.getByText('as it was').count()).toBe(0);
      expect(await page.getByText('Zoë Quinn').count()).toBe(0);
      await page.getByRole('button', { name: 'Try again' }).waitFor();
    }));
});

describe('requests', () => {
  test('stand apart from the inbox, each with why to be careful, and are decided by keyboard alone', () =>
    at({ scene: 'typical' }, async (page) => {
      await page.getByRole('tab', { name: 'Inbox' }).focus();
      await page.keyboard.press('ArrowRight');
      expect(await page.getByRole('tab', { name: /^Requests/ }).getAttribute('aria-selected')).toBe('true');
      const list = page.getByRole('list', { name: 'Conversations' });
      await list.getByText('Asks for what opens a wallet.').waitFor();
      await page
        .getByRole('button', { name: /^Accept/ })
        .first()
        .press('Enter');
      await page.getByRole('status').getByText('is in your inbox now').waitFor({ state: 'attached' });
    }));

  test('take the place of an inbox that is empty, until somebody chooses', () =>
    at({ scene: 'strangers' }, async (page) => {
      await page
        .getByRole('button', { name: /^Accept/ })
        .first()
        .waitFor();
      await page.getByRole('tab', { name: 'Inbox' }).click();
      await page.getByText('No letters yet').waitFor();
    }));

  test('can be answered, blocked ones cannot', () =>
    at({ route: '#/conversation/r7' }, async (page) => {
      await page.getByRole('button', { name: /^Accept/ }).waitFor();
      await page.getByRole('textbox', { name: 'Message', exact: true }).waitFor();
      await page.goto(`${stage.url}?scene=typical#/conversation/b9`);
      await page.getByRole('button', { name: /^Unblock/ }).waitFor();
      expect(await page.getByRole('textbox', { name: 'Message', exact: true }).count()).toBe(0);
    }));
});

describe('several accounts', () => {
  test('are chosen from by keyboard, each with what is new in it', () =>
    at({ scene: 'accounts' }, async (page) => {
      const button = page.getByRole('button', { name: /^Work 12 new in other accounts$/ });
      await button.press('Enter');
      expect(await page.getByRole('menuitemradio', { checked: true }).textContent()).toContain('Work');
      await page.getByRole('menuitemradio', { name: /A rather long name.* 12 new$/ }).waitFor();
      expect(await objections(page)).toEqual([]);
      await page.keyboard.press('End');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Accounts' }).waitFor();
    }));

  test('are named, coloured and removed in the settings; the last one is not', () =>
    at({ scene: 'accounts', route: '#/settings/accounts' }, async (page) => {
      await page.getByRole('button', { name: 'Edit A rather long name for an account of mine' }).click();
      await page.getByRole('radio', { name: 'Teal' }).check();
      await page.getByRole('textbox', { name: 'Name' }).fill('x'.repeat(41));
      await page.getByText('At most 40 characters.').waitFor();
      expect(await page.getByRole('button', { name: 'Save' }).isDisabled()).toBe(true);
      expect(await objections(page)).toEqual([]);
      await page.getByRole('button', { name: 'Remove this account…' }).click();
      await page.getByText('are destroyed in this browser').waitFor();
      expect(await page.getByRole('button', { name: 'Remove it' }).isDisabled()).toBe(true);
      expect(await objections(page)).toEqual([]);
      await page.goto(`${stage.url}?scene=typical#/settings/accounts`);
      await page.getByRole('button', { name: /^Edit/ }).click();
      await page.getByRole('button', { name: 'Save' }).waitFor();
      expect(await page.getByRole('button', { name: 'Remove this account…' }).count()).toBe(0);
    }));
});

test('the account above the inbox shows both ends of its address where they fit, and is cut but once', () =>
  at({}, async (page) => {
    const name = page.getByRole('heading', { level: 1 });
    expect(await name.textContent()).toBe('0xca9F…a987');
    for (const [width, both] of [
      [320, false],
      [400, true],
      [1280, true],
    ] as const) {
      await page.setViewportSize({ width, height: 600 });
      expect(await name.getByText('a987', { exact: true }).isVisible()).toBe(both);
      expect(await name.locator('.address').evaluate((each) => each.scrollWidth - each.clientWidth)).toBe(0);
    }
  }));

test.each(['en', 'ar'])('a short name of an account is whole in the narrowest window, beside what is new elsewhere (%s)', (language) =>
  at({ scene: 'accounts', language }, async (page) => {
    await page.setViewportSize({ width: 320, height: 600 });
    const name = page.getByRole('heading', { level: 1 });
    expect(await name.textContent()).toBe('Work');
    expect(await name.evaluate((each) => each.scrollWidth - each.clientWidth)).toBe(0);
    const bar = await page.locator('.bar').evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth);
    expect(bar).toBe(0);
  }),
);

describe('the menu of a conversation', () => {
  test('opens, walks and closes by keyboard, and returns the focus', () =>
    at({ route: '#/conversation/c2' }, async (page) => {
      const button = page.getByRole('button', { name: 'More' });
      await button.press('Enter');
      await page.keyboard.press('ArrowDown');
      expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Pin to the top');
      await page.keyboard.press('Escape');
      expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe('More');
    }));
});

describe('the search', () => {
  test('is made ready once the list is drawn, before anybody goes into the field', () =>
    at({}, async (page) => {
      await page.waitForFunction(() => (window as unknown as { asked: [string][] }).asked.some(([what]) => what === 'readySearch'));
      const asked = await page.evaluate(() => (window as unknown as { asked: [string][] }).asked.map(([what]) => what));
      expect(asked.indexOf('conversationWindow')).toBeLessThan(asked.indexOf('readySearch'));
      expect(asked).not.toContain('search');
    }));

  test('shows conversations and messages with the words marked, and is walked by keyboard', () =>
    at({ scene: 'named' }, async (page) => {
      await page.keyboard.press('Control+k');
      await page.keyboard.type('brulee');
      await page.getByRole('heading', { name: 'Messages', exact: true }).waitFor();
      expect(await page.locator('.results mark').first().textContent()).toBe('crème');
      expect(await page.getByRole('tab').count()).toBe(0);
      expect(await objections(page)).toEqual([]);
      await page.keyboard.press('ArrowDown');
      expect(await page.evaluate(() => document.activeElement?.textContent)).toContain('Zoë Quinn');
      await page.locator('.results section:last-of-type a.row').first().click();
      await page.waitForFunction(() => location.hash.startsWith('#/conversation/c0?at='));
    }));

  test('goes to the message that was found', () =>
    at({ scene: 'named' }, async (page) => {
      await page.fill('#search', 'brulee');
      await page.locator('.results section:last-of-type a.row').first().click();
      await page.waitForFunction(() => document.activeElement?.matches('article.message'));
    }));

  test('says what it does not understand, that nothing was found, and how far it is', async () => {
    await at({}, async (page) => {
      await page.fill('#search', 'nothing has:wings');
      await page.getByText('has:wings says nothing to Parley', { exact: false }).waitFor();
      await page.getByText('Nothing was found', { exact: false }).waitFor();
      expect(await objections(page)).toEqual([]);
      await page.keyboard.press('Escape');
      await page.getByRole('tab', { name: 'Inbox' }).waitFor();
      expect(await page.inputValue('#search')).toBe('');
    });
    await at({ scene: 'syncing' }, async (page) => {
      await page.fill('#search', 'word');
      await page.getByText('Looking through older messages: 12,000 of 50,000…').waitFor();
    });
  });

  test('may be of one conversation, which the field names', () =>
    at({ scene: 'named', route: '#/?within=c0' }, async (page) => {
      await page.waitForFunction(() => document.activeElement?.id === 'search');
      await page.getByRole('searchbox', { name: 'Search in Zoë Quinn', exact: true }).waitFor();
      await page.getByRole('link', { name: 'Search everywhere', exact: true }).click();
      await page.getByRole('searchbox', { name: 'Search', exact: true }).waitFor();
    }));
});

test('Parley can be opened elsewhere, by keyboard too', () =>
  at({ route: '#/' }, async (page) => {
    await page.getByRole('button', { name: 'Open elsewhere', exact: true }).press('Enter');
    expect(await page.getByRole('menuitem').allTextContents()).toEqual(['Beside the page', 'In a window of its own', 'In a tab']);
    expect(await objections(page)).toEqual([]);
    await page.getByRole('menuitem', { name: 'In a tab', exact: true }).click();
    await page.waitForFunction(() => document.documentElement.dataset['opened'] === 'popup.html#/');
  }));

describe('keys', () => {
  test('go from one conversation to the next, and are listed', () =>
    at({}, async (page) => {
      await page.setViewportSize({ width: 900, height: 600 });
      await page.locator('.frame.two a.row').first().waitFor();
      await page.keyboard.press('Alt+ArrowDown');
      await page.waitForFunction(() => location.hash === '#/conversation/c0');
      await page.keyboard.press('Alt+ArrowDown');
      await page.waitForFunction(() => location.hash === '#/conversation/c1');
      await page.keyboard.press('Alt+ArrowUp');
      await page.waitForFunction(() => location.hash === '#/conversation/c0');
      await page.locator('.log article').first().focus();
      await page.keyboard.press('?');
      await page.getByRole('dialog', { name: 'Keys' }).waitFor();
      expect(await objections(page)).toEqual([]);
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
    }));

  test('lead one step back by Escape, which first takes back what lies on top, and never what was typed', () =>
    at({ route: '#/conversation/c0/details' }, async (page) => {
      const path = (): Promise<string> => page.evaluate(() => location.hash);
      const name = page.getByRole('textbox', { name: 'Name', exact: true });
      await name.fill('Zoë');
      await name.press('Escape');
      expect(await path()).toBe('#/conversation/c0/details');
      await name.fill('');
      await name.press('Escape');
      await page.waitForFunction(() => location.hash === '#/conversation/c0');
      // A menu, an answer that was begun, and then the conversation itself; its words are kept.
      await page.getByRole('button', { name: 'More', exact: true }).click();
      await page.getByRole('menu').waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('menu').waitFor({ state: 'detached' });
      const message = page.getByRole('article').nth(29);
      await message.getByRole('button', { name: 'Message' }).press('Enter');
      await page.getByRole('menuitem', { name: 'Reply' }).press('Enter');
      const field = page.getByRole('textbox', { name: 'Message', exact: true });
      await field.fill('not sent');
      await page.locator('.answering').waitFor();
      await field.press('Escape');
      await page.locator('.answering').waitFor({ state: 'detached' });
      expect(await path()).toBe('#/conversation/c0');
      await field.press('Escape');
      await page.waitForFunction(() => location.hash === '#/');
      await page.getByRole('list', { name: 'Conversations' }).waitFor();
      await page.keyboard.press('Escape');
      expect(await path()).toBe('#/');
    }));
});
