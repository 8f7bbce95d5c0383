import type { Page } from 'playwright-core';
import { decodeFunctionData, encodeAbiParameters, encodeErrorResult, encodeFunctionResult, type Hex, hexToBytes, parseAbi } from 'viem';
import { describe, expect, test } from 'vitest';
import { at, objections } from './page.ts';

const abi = parseAbi([
  'function resolveWithGateways(bytes name, bytes data, string[] gateways) view returns (bytes, address)',
  'function reverseWithGateways(bytes name, uint256 coinType, string[] gateways) view returns (string, address, address)',
  'error ResolverNotFound(bytes name)',
]);
const nobody = '0x0000000000000000000000000000000000000000';
const alice = '0xD6FB14Ad7bc192BDb17AA1E58CA179F3E3951d9e';
const server = 'http://127.0.0.1:8545/';

/** Stands in for a server of Ethereum: the names it knows, and by which names addresses say that they go. */
async function ethereum(
  page: Page,
  { names = {}, reverse = {}, chain = '0x1' }: { names?: Record<string, Hex>; reverse?: Record<string, string>; chain?: string },
): Promise<string[]> {
  const asked: string[] = [];
  await page.route(`${server}**`, async (route) => {
    const { id, method, params } = route.request().postDataJSON() as { id: number; method: string; params: [{ data: Hex }] };
    const answer = (body: object) =>
      route.fulfill({ json: { jsonrpc: '2.0', id, ...body }, headers: { 'access-control-allow-origin': '*' } });
    if (method === 'eth_chainId') return answer({ result: chain });
    const { functionName, args } = decodeFunctionData({ abi, data: params[0].data });
    if (functionName === 'resolveWithGateways') {
      const name = dnsName(args[0]);
      asked.push(name);
      const address = names[name];
      if (!address)
        return answer({
          error: { code: 3, message: 'reverted', data: encodeErrorResult({ abi, errorName: 'ResolverNotFound', args: [args[0]] }) },
        });
      return answer({
        result: encodeFunctionResult({ abi, functionName, result: [encodeAbiParameters([{ type: 'address' }], [address]), nobody] }),
      });
    }
    asked.push(args[0]);
    return answer({ result: encodeFunctionResult({ abi, functionName, result: [reverse[args[0].toLowerCase()] ?? '', nobody, nobody] }) });
  });
  return asked;
}

function dnsName(wire: Hex): string {
  const bytes = hexToBytes(wire);
  const labels: string[] = [];
  for (let place = 0; bytes[place]; place += 1 + (bytes[place] as number))
    labels.push(Buffer.from(bytes.subarray(place + 1, place + 1 + (bytes[place] as number))).toString());
  return labels.join('.');
}

const scene = 'names of ethereum';
const field = (page: Page) => page.getByRole('textbox', { name: 'Wallet address', exact: true });

describe('a name of Ethereum', () => {
  test('stands for an address once it is typed, as it is to be written', () =>
    at({ scene, route: '#/new' }, async (page) => {
      const asked = await ethereum(page, { names: { 'alice.eth': alice } });
      await field(page).fill('Alice.eth');
      await page.getByText('alice.eth stands for this address now.').waitFor();
      expect(await page.getByText('0xD6FB').count()).toBeGreaterThan(0);
      expect(await page.getByRole('button', { name: 'Start', exact: true }).isEnabled()).toBe(true);
      expect(asked).toEqual(['alice.eth']);
      expect(await objections(page)).toEqual([]);
    }));

  test('that stands for none, is none, or cannot be asked for, says so', () =>
    at({ scene, route: '#/new' }, async (page) => {
      await ethereum(page, {});
      await field(page).fill('nobody.eth');
      await page.getByText('This name stands for no address.').waitFor();
      await field(page).fill('a_b‍.eth');
      await page.getByText('This is no name that can be registered.').waitFor();
      await page.unroute(`${server}**`);
      await page.route(`${server}**`, (route) => route.abort());
      await field(page).fill('alice.eth');
      await page.getByText('The server did not answer.').waitFor();
      expect(await page.getByRole('button', { name: 'Start', exact: true }).isEnabled()).toBe(false);
    }));

  test('is asked of nobody until that is turned on', () =>
    at({ route: '#/new' }, async (page) => {
      const asked = await ethereum(page, { names: { 'alice.eth': alice } });
      await field(page).fill('alice.eth');
      await page.getByText('is turned on in the settings.').waitFor();
      await page.waitForTimeout(900);
      expect(asked).toEqual([]);
    }));

  test('of an address counts only if it leads back, and is asked for when somebody wants to know', () =>
    at({ scene, route: '#/conversation/c0/details' }, async (page) => {
      const lookUp = page.getByRole('button', { name: 'Look its name up', exact: true });
      await lookUp.waitFor();
      const asked = await ethereum(page, {
        reverse: { [alice.toLowerCase()]: 'alice.eth' },
        names: { 'alice.eth': `0x${'11'.repeat(20)}` },
      });
      await lookUp.click();
      await page.getByText('No name leads to this address and back.').waitFor();
      expect(asked).toHaveLength(2);
      await page.unroute(`${server}**`);
      await page.reload();
      await ethereum(page, { reverse: { [alice.toLowerCase()]: 'alice.eth' }, names: { 'alice.eth': alice } });
      await lookUp.click();
      await page.getByText('Goes by alice.eth, which leads back to this address.').waitFor();
      await page.getByRole('button', { name: 'Use as name', exact: true }).waitFor();
      expect(await objections(page)).toEqual([]);
    }));

  test('is asked of a server of the main network alone, once that was checked', () =>
    at({ route: '#/settings/names' }, async (page) => {
      await ethereum(page, { chain: '0x5' });
      await page.getByRole('button', { name: 'Name a server…', exact: true }).click();
      await page.getByRole('textbox', { name: 'Address of the RPC server', exact: true }).fill(server);
      const passphrase = page.locator('#settings-names input[type=password]');
      await passphrase.fill('anything');
      await page.getByRole('button', { name: 'Check and use', exact: true }).click();
      await page.getByText('This server is not of Ethereum’s main network').waitFor();
      await page.unroute(`${server}**`);
      await page.route(`${server}**`, (route) => route.fulfill({ status: 404, body: 'nothing here' }));
      await page.getByRole('button', { name: 'Check and use', exact: true }).click();
      await page.getByText('The server did not answer.').waitFor();
      expect(await objections(page)).toEqual([]);
    }));
});
