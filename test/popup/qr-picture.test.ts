import { expect, test } from 'vitest';
import { at, objections } from './page.ts';

test('an address shown as a QR code is read from a picture of it', async () => {
  let picture: Buffer = Buffer.alloc(0);
  let address = '';
  await at({ route: '#/settings/accounts' }, async (page) => {
    await page.getByText('Show as a QR code').click();
    const code = page.getByRole('img', { name: /^QR code of the address 0x/ });
    address = (await code.getAttribute('aria-label'))?.split(' ').at(-1) ?? '';
    picture = await code.screenshot();
    expect(await objections(page)).toEqual([]);
  });
  await at({ route: '#/new' }, async (page) => {
    const choose = page.getByLabel('Read a QR code from a picture');
    await choose.setInputFiles({ name: 'code.png', mimeType: 'image/png', buffer: picture });
    const field = page.getByRole('textbox', { name: 'Wallet address', exact: true });
    await expect.poll(() => field.inputValue()).toBe(address);
    expect(await field.evaluate((element) => element === document.activeElement)).toBe(true);
    await choose.setInputFiles({ name: 'blank.png', mimeType: 'image/png', buffer: await page.locator('header').screenshot() });
    await page.getByText('There is no QR code with an address in this picture.').waitFor();
    await choose.setInputFiles({ name: 'not.png', mimeType: 'image/png', buffer: Buffer.from('nothing') });
    await page.getByText('This file is no picture that can be read.').waitFor();
    expect(await objections(page)).toEqual([]);
  });
});
