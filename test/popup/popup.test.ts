import { createRequire } from 'node:module';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findBrowser } from '../cli/find-browsers.ts';
import { openStage } from './stage.ts';

const axePath = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const phrase = 'correct horse battery staple';
interface Results {
  readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[];
}

let stage: Awaited<ReturnType<typeof openStage>>;
let browser: Browser;

beforeAll(async () => {
  stage = await openStage();
  browser = await chromium.launch({
    executablePath: (await findBrowser('chromium')).path,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic'],
  });
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await stage?.close();
});

/** The page that the scenes are shown on, one after the other: to open a page takes longer than most tests. */
let kept: Page | undefined;
const size = { width: 400, height: 600 };

/** Opens a scene on a route; an error on the page is a failure. What a test leaves behind on the page ends with the next scene, or with the page. */
async function at({ scene = 'typical', route = '#/' }, work: (page: Page) => Promise<void>): Promise<void> {
  if (!kept || kept.isClosed()) kept = await browser.newPage({ viewport: size, bypassCSP: true, reducedMotion: 'reduce' });
  const page = kept;
  const faults: string[] = [];
  const note = (error: Error): void => void faults.push(error.message);
  page.on('pageerror', note);
  try {
    await page.setViewportSize(size);
    // Two scenes may differ in the hash alone, which would leave the first one open.
    await page.goto('about:blank');
    await page.goto(`${stage.url}?scene=${scene}${route}`);
    // The page is there when what it waits for is: until then it shows nothing or a skeleton.
    await page.waitForFunction(() => document.querySelector('#app > *') && !document.querySelector('.skeleton'));
    await work(page);
    expect(faults).toEqual([]);
  } catch (error) {
    await page.close();
    throw error;
  } finally {
    page.off('pageerror', note);
  }
}

/** What an accessibility check objects to, in any theme. */
async function objections(page: Page): Promise<string[]> {
  await page.addScriptTag({ path: axePath });
  const found: string[] = [];
  for (const theme of ['light', 'dark', 'contrast'])
    found.push(
      ...(await page.evaluate(async (name) => {
        document.documentElement.dataset['theme'] = name;
        const { axe } = window as unknown as { axe: { run(context: Document, options: object): Promise<Results> } };
        // A page of an extension needs no heading of level one in every state, nor a landmark around each form.
        const { violations } = await axe.run(document, {
          rules: { region: { enabled: false }, 'page-has-heading-one': { enabled: false } },
        });
        return violations.map(({ id, nodes }) => `${name} ${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`);
      }, theme)),
    );
  return found;
}

const screens = [
  { name: 'welcome', scene: 'welcome', route: '#/welcome' },
  ...['account', 'look', 'sign', 'open', 'backup', 'closed', 'elsewhere', 'other', 'differs', 'ready'].map((step) => ({
    name: `welcome, ${step}`,
    scene: `welcome ${step}`,
    route: '#/welcome',
  })),
  { name: 'inbox of several accounts', scene: 'accounts', route: '#/' },
  { name: 'settings of several accounts', scene: 'accounts', route: '#/settings/accounts' },
  { name: 'adding an account', scene: 'typical', route: '#/add' },
  { name: 'writing the phrase down', scene: 'typical', route: '#/phrase' },
  { name: 'unlock', scene: 'locked', route: '#/' },
  { name: 'inbox', scene: 'typical', route: '#/' },
  { name: 'empty inbox', scene: 'empty', route: '#/' },
  { name: 'failing inbox', scene: 'failing', route: '#/' },
  { name: 'offline inbox', scene: 'offline', route: '#/' },
  { name: 'conversation', scene: 'typical', route: '#/conversation/c0' },
  { name: 'conversation with files', scene: 'files', route: '#/conversation/c0' },
  { name: 'requests', scene: 'strangers', route: '#/' },
  { name: 'request', scene: 'typical', route: '#/conversation/r7' },
  { name: 'blocked conversation', scene: 'typical', route: '#/conversation/b9' },
  { name: 'conversation by consent proof', scene: 'proof', route: '#/conversation/c0' },
  { name: 'group', scene: 'typical', route: '#/conversation/c4' },
  { name: 'empty conversation', scene: 'empty', route: '#/conversation/c0' },
  { name: 'conversation with changed keys', scene: 'changed keys', route: '#/conversation/c0' },
  { name: 'conversation of former keys', scene: 'retired', route: '#/conversation/c0' },
  { name: 'details', scene: 'typical', route: '#/conversation/c0/details' },
  { name: 'details of a verified peer', scene: 'verified', route: '#/conversation/c0/details' },
  { name: 'details with changed keys', scene: 'changed keys', route: '#/conversation/c0/details' },
  { name: 'details of a group of one’s own', scene: 'own group', route: '#/conversation/c4/details' },
  { name: 'details of a group', scene: 'typical', route: '#/conversation/c4/details' },
  { name: 'bringing back a backup file', scene: 'welcome', route: '#/restore' },
  { name: 'new conversation', scene: 'typical', route: '#/new' },
  { name: 'settings', scene: 'typical', route: '#/settings' },
  { name: 'settings with nothing in them', scene: 'empty', route: '#/settings/privacy' },
  { name: 'approval', scene: 'typical', route: '#/approve' },
  { name: 'approval of the whole account', scene: 'whole account', route: '#/approve' },
  { name: 'overfull approval', scene: 'overfull', route: '#/approve' },
];

describe.each(screens)('the screen "$name"', ({ scene, route }) => {
  test('has nothing that an accessibility check objects to, in any theme', () =>
    at({ scene, route }, async (page) => {
      await page.waitForTimeout(250);
      expect(await objections(page)).toEqual([]);
    }));

  test('never scrolls sideways, from 320 to 1100 pixels', () =>
    at({ scene, route }, async (page) => {
      for (const width of [320, 400, 719, 1100]) {
        await page.setViewportSize({ width, height: 640 });
        await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
        const wider = await page.evaluate(() =>
          [...document.querySelectorAll('*')]
            .filter((element) => element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).overflowX === 'auto')
            .map((element) => element.className),
        );
        expect({ width, wider }).toEqual({ width, wider: [] });
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
      }
    }));
});

describe('a backup file', () => {
  const file = { name: 'a.parley', mimeType: 'application/octet-stream', buffer: Buffer.from('x') };

  test('is checked from the settings, and nothing changes', () =>
    at({ route: '#/settings/backup' }, async (page) => {
      await page.getByRole('button', { name: 'Check a file…', exact: true }).click();
      const check = page.getByRole('button', { name: 'Check', exact: true });
      expect(await check.isDisabled()).toBe(true);
      await page.getByLabel('Choose a backup file').setInputFiles(file);
      await page.getByText('a.parley').waitFor();
      await page.getByRole('textbox', { name: 'Passphrase of the file', exact: true }).fill(phrase);
      await check.click();
      await page.getByText('The file opens.').waitFor();
      await page.getByText('12 conversations, 1 message.').waitFor();
      await page.getByText('is not in this browser yet').waitFor();
      await page.getByText('Nothing was changed.').waitFor();
    }));

  test('asks twice for a passphrase of its own before it is made', () =>
    at({ route: '#/settings/backup' }, async (page) => {
      await page.getByRole('button', { name: 'Make a backup file…', exact: true }).click();
      const make = page.getByRole('button', { name: 'Make and download', exact: true });
      await page.getByRole('textbox', { name: 'Your passphrase', exact: true }).fill('x');
      await page.getByRole('textbox', { name: 'Passphrase of the file', exact: true }).fill(phrase);
      await page.getByRole('textbox', { name: 'Repeat the file’s passphrase', exact: true }).fill(`${phrase}!`);
      await page.getByText('The two differ.').waitFor();
      expect(await make.isDisabled()).toBe(true);
      await page.getByRole('textbox', { name: 'Repeat the file’s passphrase', exact: true }).fill(phrase);
      expect(await make.isDisabled()).toBe(false);
    }));
});

test('what a new identity costs is said before it is made, and takes the passphrase', () =>
  at({ route: '#/settings/identity' }, async (page) => {
    await page.getByRole('button', { name: 'New identity…', exact: true }).click();
    await page.getByText('This cannot be undone.').waitFor();
    const make = page.getByRole('button', { name: 'Make a new identity', exact: true });
    expect(await make.isDisabled()).toBe(true);
    await page.addScriptTag({ path: axePath });
    const found = await page.evaluate(async () => {
      const { axe } = window as unknown as { axe: { run(context: Document, options: object): Promise<Results> } };
      const { violations } = await axe.run(document, { rules: { region: { enabled: false }, 'page-has-heading-one': { enabled: false } } });
      return violations.map(({ id }) => id);
    });
    expect(found).toEqual([]);
    await page.getByRole('button', { name: 'Keep my keys', exact: true }).click();
    await make.waitFor({ state: 'detached' });
  }));

test('another passphrase takes the present one, twice the new one, and gives the focus back', () =>
  at({ route: '#/settings/passphrase' }, async (page) => {
    const open = page.getByRole('button', { name: 'Change passphrase…', exact: true });
    await open.click();
    const change = page.getByRole('button', { name: 'Change passphrase', exact: true });
    const fill = (name: string, text: string): Promise<void> => page.getByRole('textbox', { name, exact: true }).fill(text);
    await fill('Present passphrase', 'the present one');
    await fill('New passphrase', 'eleven char');
    await fill('Repeat new passphrase', 'eleven char');
    expect(await change.isDisabled()).toBe(true);
    await fill('New passphrase', 'the present one');
    await page.getByText('This is the present one.').waitFor();
    await fill('Repeat new passphrase', 'the present one');
    expect(await change.isDisabled()).toBe(true);
    await fill('New passphrase', phrase);
    await page.getByText('The two differ.').waitFor();
    expect(await change.isDisabled()).toBe(true);
    await fill('Repeat new passphrase', phrase);
    expect(await change.isDisabled()).toBe(false);
    await page.addScriptTag({ path: axePath });
    const found = await page.evaluate(async () => {
      const { axe } = window as unknown as { axe: { run(context: Document, options: object): Promise<Results> } };
      const { violations } = await axe.run(document, { rules: { region: { enabled: false }, 'page-has-heading-one': { enabled: false } } });
      return violations.map(({ id }) => id);
    });
    expect(found).toEqual([]);
    await page.keyboard.press('Enter');
    await page.getByText('That is not the passphrase').waitFor();
    await page.getByRole('button', { name: 'Keep it', exact: true }).click();
    await open.waitFor();
    expect(await open.evaluate((button) => button === document.activeElement)).toBe(true);
    await open.click();
    // Nothing of what was typed is kept.
    expect(await page.getByRole('textbox', { name: 'New passphrase', exact: true }).inputValue()).toBe('');
  }));

describe('creating a wallet', () => {
  const opened = (work: (page: Page) => Promise<void>): Promise<void> =>
    at({ scene: 'welcome', route: '#/welcome?node=http://127.0.0.1:5555' }, async (page) => {
      await page.getByText('127.0.0.1:5555').waitFor();
      await page.getByRole('button', { name: 'Create a new wallet', exact: true }).click();
      const next = page.getByRole('button', { name: 'Continue', exact: true });
      await page.getByRole('textbox', { name: 'Passphrase', exact: true }).fill('eleven char');
      await page.getByRole('textbox', { name: 'Repeat passphrase', exact: true }).fill('eleven char');
      expect(await next.isDisabled()).toBe(true);
      await page.getByRole('textbox', { name: 'Passphrase', exact: true }).fill(phrase);
      expect(await next.isDisabled()).toBe(true);
      await page.getByRole('textbox', { name: 'Repeat passphrase', exact: true }).fill(phrase);
      await next.click();
      await page.getByRole('heading', { name: 'Your recovery phrase' }).waitFor();
      await work(page);
    });

  test('takes the two passphrase fields and one button, and the phrase may wait', () =>
    opened(async (page) => {
      expect(await page.getByText('abandon').count()).toBe(0);
      await page.getByRole('button', { name: 'Later', exact: true }).click();
      await page.getByRole('list', { name: 'Conversations' }).waitFor({ state: 'attached' });
      await page.getByRole('link', { name: /Your recovery phrase is not on paper yet/ }).waitFor();
    }));

  test('shows the phrase only while a button is held, by pointer or key, and not in a window that lost the focus', () =>
    opened(async (page) => {
      const hold = page.getByRole('button', { name: 'Hold to show', exact: true });
      const words = page.getByText('abandon', { exact: true });
      await hold.dispatchEvent('pointerdown');
      await words.first().waitFor();
      for (const width of [320, 400, 1100]) {
        await page.setViewportSize({ width, height: 640 });
        const cut = await page.locator('.words li').evaluateAll((all) => all.some((each) => each.scrollWidth > each.clientWidth));
        expect([width, cut]).toEqual([width, false]);
      }
      await hold.dispatchEvent('pointerup');
      await words.first().waitFor({ state: 'detached' });
      await hold.focus();
      await page.keyboard.down('Space');
      await words.first().waitFor();
      await page.evaluate(() => window.dispatchEvent(new Event('blur')));
      await words.first().waitFor({ state: 'detached' });
      await page.keyboard.up('Space');
      expect(await page.getByRole('button', { name: /copy/i }).count()).toBe(0);
    }));

  test('hides the phrase after half a minute, however long the button is held', () =>
    at({ scene: 'typical', route: '#/phrase' }, async (page) => {
      await page.getByRole('textbox', { name: 'Passphrase', exact: true }).fill(phrase);
      await page.getByRole('button', { name: 'Continue', exact: true }).click();
      const hold = page.getByRole('button', { name: 'Hold to show', exact: true });
      await hold.waitFor();
      await page.clock.install();
      await hold.dispatchEvent('pointerdown');
      await page.getByText('abandon', { exact: true }).first().waitFor();
      await page.clock.runFor(30_000);
      await page.getByText('abandon', { exact: true }).first().waitFor({ state: 'detached' });
    }));

  test('asks for three words of the phrase, says which is wrong, and ends when all are right', () =>
    opened(async (page) => {
      await page.getByRole('button', { name: 'I have written them down', exact: true }).click();
      const fields = page.getByRole('textbox', { name: /^Word \d+$/ });
      await fields.first().waitFor();
      expect(await fields.count()).toBe(3);
      const next = page.getByRole('button', { name: 'Continue', exact: true });
      for (let i = 0; i < 3; i++) await fields.nth(i).fill('wrong');
      await next.click();
      await page
        .getByText(/^Word \d+ is another one\.$/)
        .first()
        .waitFor();
      expect(await page.getByText(/^Word \d+ is another one\.$/).count()).toBe(3);
      for (let i = 0; i < 3; i++) {
        const label = await fields.nth(i).evaluate((field: HTMLInputElement) => field.labels?.[0]?.textContent ?? '');
        await fields.nth(i).fill(label === 'Word 12' ? ' About ' : 'abandon');
      }
      await next.click();
      await page.getByRole('list', { name: 'Conversations' }).waitFor({ state: 'attached' });
      expect(await page.getByRole('link', { name: /not on paper yet/ }).count()).toBe(0);
    }));
});

describe('bringing a wallet', () => {
  const ways = (work: (page: Page) => Promise<void>): Promise<void> =>
    at({ scene: 'welcome', route: '#/welcome' }, async (page) => {
      await page.getByRole('button', { name: 'I already have a wallet', exact: true }).click();
      await work(page);
    });
  const back = (page: Page) => page.getByRole('button', { name: 'Back', exact: true });

  test('can be left by Back at every step, and nothing secret stays behind', () =>
    ways(async (page) => {
      await page.getByRole('button', { name: /^Recovery phrase/ }).click();
      const field = page.getByRole('textbox', { name: 'Recovery phrase', exact: true });
      await field.fill('abandon '.repeat(12).trim());
      await page.getByRole('button', { name: 'Continue', exact: true }).click();
      await page.getByRole('heading', { name: 'Which account?' }).waitFor();
      await back(page).click();
      await page.getByRole('button', { name: /^Recovery phrase/ }).click();
      expect(await field.inputValue()).toBe('');
      await back(page).click();
      await back(page).click();
      await page.getByRole('button', { name: 'Create a new wallet', exact: true }).waitFor();
    }));

  test('needs no mouse: Tab, arrows, Space and Enter lead from the first page to the account', () =>
    at({ scene: 'welcome', route: '#/welcome' }, async (page) => {
      const reach = async (name: RegExp): Promise<void> => {
        for (let i = 0; i < 25; i++) {
          const at = await page.evaluate(
            () => document.activeElement?.textContent || document.activeElement?.getAttribute('aria-label') || '',
          );
          if (name.test(at)) return;
          await page.keyboard.press('Tab');
        }
        throw new Error(`Tab does not lead to ${name}`);
      };
      await reach(/^I already have a wallet$/);
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'What do you have?' }).waitFor();
      await reach(/^Recovery phrase/);
      await page.keyboard.press('Space');
      await page.getByRole('textbox', { name: 'Recovery phrase', exact: true }).waitFor();
      await page.keyboard.type('abandon '.repeat(12).trim()); // the field has the focus already
      await page.keyboard.press('Enter');
      await page.getByRole('radio', { name: /0x52f3a1/ }).waitFor();
      while ((await page.evaluate(() => (document.activeElement as HTMLInputElement).name)) !== 'account') await page.keyboard.press('Tab');
      await page.keyboard.press('ArrowDown');
      expect(await page.getByRole('radio', { checked: true, name: /0x9858Ef/ }).count()).toBe(1);
      await reach(/^Another path$/);
      await page.keyboard.press('Enter');
      await page.getByRole('textbox', { name: 'Derivation path' }).waitFor();
    }));

  test('goes on in a tab of its own from the toolbar, since a popup closes with the first look elsewhere', async () => {
    const page = await browser.newPage({ viewport: { width: 400, height: 600 } });
    await page.goto(`${stage.url}?toolbar&scene=welcome#/welcome`);
    await page.getByRole('button', { name: 'I already have a wallet', exact: true }).click();
    await page.waitForFunction(() => document.documentElement.dataset['opened']);
    expect(await page.evaluate(() => document.documentElement.dataset['opened'])).toBe('popup.html#/welcome?tab=3');
    await page.close();
  });

  test('says at the phrase what is wrong with it', () =>
    ways(async (page) => {
      await page.getByRole('button', { name: /^Recovery phrase/ }).click();
      await page.getByRole('textbox', { name: 'Recovery phrase', exact: true }).fill('abandon about');
      await page.getByText('2 words.').waitFor();
      await page.getByRole('button', { name: 'Continue', exact: true }).click();
      await page.getByText('A recovery phrase has 12, 15, 18, 21 or 24 words, not 2.').waitFor();
    }));

  test('chooses the account that has conversations, unless somebody chooses another', () =>
    at({ scene: 'welcome account', route: '#/welcome' }, async (page) => {
      await page.getByText('Has conversations here').waitFor();
      expect(await page.getByRole('radio', { checked: true, name: /Has conversations here/ }).count()).toBe(1);
      await page.getByRole('radio', { name: /0xD6FB14/ }).focus();
      await page.keyboard.press('Space');
      expect(await page.getByRole('radio', { checked: true, name: /0xD6FB14/ }).count()).toBe(1);
      await page.getByRole('button', { name: 'Show more' }).click();
      await page.getByText("m/44'/60'/0'/0/9").waitFor();
    }));

  test('stays where the node does not answer, and says that nothing was made', () =>
    at({ scene: 'welcome look', route: '#/welcome' }, async (page) => {
      await page.getByText(/The node did not answer.*Nothing was made or changed/).waitFor();
      await page.getByRole('textbox', { name: 'Node address' }).waitFor();
      expect(await page.getByRole('button', { name: 'Try again' }).isEnabled()).toBe(true);
    }));

  test('shows the text and why before anything is asked, and tells who signed when it was another', () =>
    at({ scene: 'welcome sign', route: '#/welcome' }, async (page) => {
      await page.getByText('It moves no money and allows nothing else.').waitFor();
      await page.getByText(/^XMTP : Create Identity/).waitFor();
      await page.getByRole('img', { name: 'The text to sign, as a QR code' }).waitFor();
      await page.getByRole('textbox', { name: 'Signature' }).fill(`0x${'1b'.repeat(65)}`);
      await page.getByRole('button', { name: 'Check the signature' }).click();
      await page.getByText(/^This was signed by 0x52f3a1…d09c1A, not by 0xca9Feb…94a987/).waitFor();
    }));

  test('tells what new keys cost before anybody can choose them', () =>
    at({ scene: 'welcome closed', route: '#/welcome' }, async (page) => {
      await page.getByRole('button', { name: 'Try an older backup (2 left, one signature each)' }).waitFor();
      expect(await page.getByRole('button', { name: 'Replace the keys' }).count()).toBe(0);
      await page.getByRole('button', { name: 'I cannot get the old keys any more…' }).click();
      await page.getByText('The program that has them is cut off').waitFor();
      await page.getByRole('button', { name: 'Replace the keys' }).waitFor();
    }));
});

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

  test('has rows of one height, whatever stands at their ends', () =>
    at({}, async (page) => {
      const heights = await page
        .getByRole('listitem')
        .evaluateAll((rows) => rows.map((row) => Math.round(row.getBoundingClientRect().height)));
      expect(new Set(heights).size).toBe(1);
    }));

  test('goes on to its last row, however many there are', () =>
    at({ scene: 'overfull' }, async (page) => {
      const rows = page.getByRole('list', { name: 'Conversations' }).getByRole('listitem');
      await rows.first().waitFor();
      // A slow machine takes its time for each page of the list, so the end is looked for, not waited out.
      const end = Date.now() + 60_000;
      while ((await rows.count()) < 450 && Date.now() < end) {
        await rows.last().scrollIntoViewIfNeeded();
        await page.waitForTimeout(50);
      }
      expect(await rows.count()).toBe(450);
    }));

  test('has its list also while it is empty, and says how to be reached', () =>
    at({ scene: 'empty' }, async (page) => {
      expect(await page.getByRole('list', { name: 'Conversations' }).count()).toBe(1);
      await page.getByText('0xca9Feb3AeA471001A867e53E027a65af7E94a987').waitFor();
    }));

  test('says what is wrong with the node and stays readable', () =>
    at({ scene: 'offline' }, async (page) => {
      await page.getByText('The node at 127.0.0.1 did not answer.').waitFor();
      expect(await page.getByRole('listitem').count()).toBeGreaterThan(5);
    }));

  test('says what it could not read, and tries again on request', () =>
    at({ scene: 'failing' }, async (page) => {
      await page.getByRole('alert').waitFor();
      await page.getByRole('button', { name: 'Try again' }).click();
      await page.getByRole('alert').waitFor();
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

describe('the menu of a conversation', () => {
  test('opens, walks and closes by keyboard, and returns the focus', () =>
    at({ route: '#/conversation/c2' }, async (page) => {
      const button = page.getByRole('button', { name: 'More' });
      await button.press('Enter');
      await page.keyboard.press('ArrowDown');
      expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Mute');
      await page.keyboard.press('Escape');
      expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe('More');
    }));
});

describe('a conversation', () => {
  test('opens at its end, in order, with own messages marked', () =>
    at({ route: '#/conversation/c0' }, async (page) => {
      const shown = page.getByRole('log', { name: 'Messages' }).getByRole('article');
      expect(await shown.count()).toBe(31);
      const times = await shown.evaluateAll((all) => all.map((each) => Number(each.getAttribute('data-time'))));
      expect(times).toEqual(times.toSorted((a, b) => a - b));
      expect(await shown.last().isVisible()).toBe(true);
      await page.getByRole('button', { name: 'Discard' }).waitFor();
      await page.getByText('2 new').waitFor();
    }));

  test('has the field for a message at hand, every time', () =>
    at({}, async (page) => {
      for (const nth of [0, 1]) {
        await page.getByRole('listitem').nth(nth).getByRole('link').click();
        const field = page.getByRole('textbox', { name: 'Message', exact: true });
        await field.waitFor();
        expect(await field.evaluate((element) => element === document.activeElement)).toBe(true);
        await page.getByRole('link', { name: 'Back' }).click();
      }
    }));

  test('sends by Enter and keeps Shift and Enter for a new line', () =>
    at({ route: '#/conversation/c0' }, async (page) => {
      const field = page.getByRole('textbox', { name: 'Message', exact: true });
      await field.fill('one');
      await field.press('Shift+Enter');
      await field.pressSequentially('two');
      expect(await field.inputValue()).toBe('one\ntwo');
      await field.press('Enter');
      expect(await field.inputValue()).toBe('');
    }));

  test('does not send what is only space', () =>
    at({ route: '#/conversation/c0' }, async (page) => {
      await page.getByRole('textbox', { name: 'Message', exact: true }).fill('  \n ');
      expect(await page.getByRole('button', { name: 'Send', exact: true }).isDisabled()).toBe(true);
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
      await page.getByRole('button', { name: 'All signs' }).click();
      await page.getByRole('searchbox', { name: 'Search signs' }).fill('piano');
      await page.getByRole('button', { name: 'musical keyboard' }).waitFor({ state: 'detached' });
      await page.getByRole('searchbox', { name: 'Search signs' }).fill('musical keyboard');
      await page.getByRole('button', { name: 'musical keyboard' }).click();
      await page.getByRole('dialog').waitFor({ state: 'detached' });
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

describe('files', () => {
  /** Lets files fall onto the page, as from a folder. */
  const drop = (page: Page, names: readonly string[], size = 3) =>
    page.evaluate(
      ([all, bytes]) => {
        const dropped = new DataTransfer();
        for (const name of all) dropped.items.add(new File([new Uint8Array(bytes)], name, { type: 'application/pdf' }));
        const screen = document.querySelector('main.screen');
        screen?.dispatchEvent(new DragEvent('dragover', { dataTransfer: dropped, bubbles: true, cancelable: true }));
        screen?.dispatchEvent(new DragEvent('drop', { dataTransfer: dropped, bubbles: true, cancelable: true }));
      },
      [names, size] as const,
    );

  test('that came show pictures at once, and larger; other kinds when they are asked for', () =>
    at({ scene: 'files', route: '#/conversation/c0' }, async (page) => {
      await page.getByRole('button', { name: 'Show evening.png larger' }).click();
      const dialog = page.getByRole('dialog', { name: 'evening.png' });
      await dialog.getByRole('button', { name: 'Save' }).waitFor();
      expect(await objections(page)).toEqual([]);
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: 'Load film.mp4' }).click();
      await page.getByText('The file is not there any more.').waitFor();
      await page.getByRole('button', { name: 'Show voice.ogg' }).click();
      await page.locator('audio').waitFor();
      expect(await page.getByRole('button', { name: /^Save minutes of/ }).count()).toBe(1);
    }));

  test('of strangers show nothing until they are asked for', () =>
    at({ scene: 'files', route: '#/conversation/r7' }, async (page) => {
      await page.getByRole('button', { name: 'Show evening.png', exact: true }).waitFor();
      expect(await page.locator('.log img, .log audio, .log video').count()).toBe(0);
      await page.getByText('this browser asks files.example').waitFor();
    }));

  test('that are chosen, dropped or pasted stand above the field, and can be left out', () =>
    at({ route: '#/conversation/c0' }, async (page) => {
      const chosen = page.getByRole('list', { name: 'Files to send' }).getByRole('listitem');
      await page.locator('input[type="file"]').setInputFiles({ name: 'a.txt', mimeType: 'text/plain', buffer: Buffer.from('a') });
      await drop(page, ['b.pdf', 'c.pdf']);
      await chosen.nth(2).waitFor();
      expect(await objections(page)).toEqual([]);
      await page.getByRole('button', { name: 'Leave out b.pdf' }).click();
      expect(await chosen.count()).toBe(2);
      expect(await page.getByRole('button', { name: 'Send', exact: true }).isEnabled()).toBe(true);
      await page.getByRole('textbox', { name: 'Message', exact: true }).press('Enter');
      await chosen.first().waitFor({ state: 'detached' });
    }));

  test('that are empty, or more than are meant, are told of', () =>
    at({ route: '#/conversation/c0' }, async (page) => {
      await drop(page, ['empty.pdf'], 0);
      await page.getByText('empty.pdf is empty.').waitFor();
      await drop(
        page,
        Array.from({ length: 11 }, (_, index) => `${index}.pdf`),
      );
      await page.getByText('10 files at once are enough.').waitFor();
      expect(await page.getByRole('list', { name: 'Files to send' }).getByRole('listitem').count()).toBe(10);
    }));

  test('that cannot go stay, with the words beside them', () =>
    at({ scene: 'files', route: '#/conversation/c0' }, async (page) => {
      await page.getByRole('textbox', { name: 'Message', exact: true }).fill('See this');
      await drop(page, ['b.pdf']);
      await page.getByRole('button', { name: 'Send', exact: true }).click();
      await page.getByText('Files have at most 25 MB.').waitFor();
      expect(await page.getByRole('list', { name: 'Files to send' }).getByRole('listitem').count()).toBe(1);
      expect(await page.getByRole('textbox', { name: 'Message', exact: true }).inputValue()).toBe('See this');
    }));
});

describe('a new conversation', () => {
  test('answers as one types', () =>
    at({ route: '#/new' }, async (page) => {
      const field = page.getByRole('textbox', { name: 'Wallet address' });
      const start = page.getByRole('button', { name: 'Start', exact: true });
      for (const [typed, said] of [
        ['0x52f3', '36 more characters.'],
        ['bob.eth', 'This is no wallet address'],
        ['0xca9Feb3AeA471001A867e53E027a65af7E94a987', 'This is your own address.'],
      ] as const) {
        await field.fill(typed);
        await page.getByText(said).waitFor();
        expect(await start.isDisabled()).toBe(true);
      }
      await field.fill('0x52f3a19FbA55cd5Ad5b6cBdE8b3d5c4A8Ed09c1A');
      await page.getByText('Can be reached.').waitFor();
      expect(await start.isDisabled()).toBe(false);
    }));
});

describe('the theme', () => {
  test('is there again before the background has said anything', () =>
    at({}, async (page) => {
      await page.goto(`${stage.url}?scene=typical&theme=dark#/`);
      await page.getByRole('listitem').first().waitFor();
      await page.goto(`${stage.url}?scene=silent&theme=light#/`);
      expect(await page.evaluate(() => document.documentElement.dataset['theme'])).toBe('dark');
    }));
});

describe('an approval', () => {
  test('shows the origin, the whole address and the whole text', () =>
    at({ route: '#/approve' }, async (page) => {
      await page.getByRole('heading', { name: 'shop.example' }).waitFor();
      await page.getByText('Hello Bob, this is Alice.').waitFor();
    }));

  test('takes a yes only after it was seen for 700 ms, and again after every change of size', () =>
    at({ route: '#/approve' }, async (page) => {
      // The page itself notes when the button came, was armed and was disarmed: a slow machine reads too late.
      await page.addInitScript(() => {
        const notes: [number, boolean][] = [];
        Object.assign(window, { notes });
        new MutationObserver(() => {
          const allow = [...document.querySelectorAll('button')].find((button) => button.textContent === 'Allow');
          if (allow && notes.at(-1)?.[1] !== !allow.disabled) notes.push([performance.now(), !allow.disabled]);
        }).observe(document, { subtree: true, childList: true, attributes: true });
      });
      await page.reload();
      const notes = (count: number) =>
        page
          .waitForFunction((least) => {
            const { notes } = window as unknown as { notes: [number, boolean][] };
            return notes.length >= least ? notes : null;
          }, count)
          .then((handle) => handle.jsonValue() as Promise<[number, boolean][]>);
      const [came, armed] = await notes(2);
      expect([came?.[1], armed?.[1]]).toEqual([false, true]);
      expect((armed?.[0] ?? 0) - (came?.[0] ?? 0)).toBeGreaterThan(650);
      expect(await page.evaluate(() => document.activeElement?.localName)).toBe('body');
      await page.setViewportSize({ width: 420, height: 600 });
      const [, , disarmed, again] = await notes(4);
      expect([disarmed?.[1], again?.[1]]).toEqual([false, true]);
      expect((again?.[0] ?? 0) - (disarmed?.[0] ?? 0)).toBeGreaterThan(650);
      // The script that takes the notes ends with the page alone.
      await page.close();
    }));

  test('of the whole account takes the passphrase, and says when it is another', () =>
    at({ scene: 'whole account', route: '#/approve' }, async (page) => {
      await page.getByRole('alert').getByText('It can read every message').waitFor();
      await page.waitForTimeout(900);
      const allow = page.getByRole('button', { name: 'Allow' });
      expect(await allow.isDisabled()).toBe(true);
      const field = page.getByRole('textbox', { name: 'Passphrase' });
      await field.fill('another passphrase');
      // The Enter key is no yes.
      await field.press('Enter');
      expect(await page.getByText('That is not the passphrase').count()).toBe(0);
      await allow.click();
      await page.getByText('That is not the passphrase of Parley in this browser.').waitFor();
    }));

  test('shows what would turn or hide the text to be sent', () =>
    at({ scene: 'bidi', route: '#/approve' }, async (page) => {
      await page.getByText('Pay [U+202E]001 to me').waitFor();
    }));

  test('says in letters what punycode hides', () =>
    at({ scene: 'overfull', route: '#/approve' }, async (page) => {
      await page.getByText('еріс.example').waitFor();
    }));
});
