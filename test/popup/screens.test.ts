import { describe, expect, test } from 'vitest';
import { at, objections } from './page.ts';

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
  { name: 'inbox with names', scene: 'named', route: '#/' },
  { name: 'search through a conversation', scene: 'named', route: '#/?within=c0' },
  { name: 'inbox while another node stands in', scene: 'stand-in', route: '#/' },
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
