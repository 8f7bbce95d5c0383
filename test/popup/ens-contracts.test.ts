import type { Page, Route } from 'playwright-core';
import {
  decodeAbiParameters,
  decodeFunctionData,
  encodeAbiParameters,
  encodeErrorResult,
  encodeFunctionData,
  encodeFunctionResult,
  type Hex,
  parseAbi,
} from 'viem';
import { describe, expect, test } from 'vitest';
import { at } from './page.ts';

/**
 * What goes to Ethereum and what is made of its answers, held against numbers that are written down elsewhere: the hashes of EIP-137, the selector of
 * ENSIP-1, the form of DNS names, the flow of EIP-3668, and the place of the universal resolver on the main network. The contracts themselves are not at hand without a network.
 */
const universalResolver = '0xeeeeeeee14d718c2b47d9923deab1335e144eeee';
const abi = parseAbi([
  'function resolveWithGateways(bytes name, bytes data, string[] gateways) view returns (bytes, address)',
  'function reverseWithGateways(bytes name, uint256 coinType, string[] gateways) view returns (string, address, address)',
  'function query((address sender, string[] urls, bytes data)[] queries) view returns (bool[] failures, bytes[] responses)',
  'error OffchainLookup(address sender, string[] urls, bytes callData, bytes4 callbackFunction, bytes extraData)',
  'error ResolverNotFound(bytes name)',
  'error ResolverNotContract(bytes name, address resolver)',
  'error UnsupportedResolverProfile(bytes4 selector)',
  'error ResolverError(bytes errorData)',
  'error HttpError(uint16 status, string message)',
  'error ReverseAddressMismatch(string primary, bytes primaryAddress)',
]);
const nobody = '0x0000000000000000000000000000000000000000';
const alice = '0xD6FB14Ad7bc192BDb17AA1E58CA179F3E3951d9e';
const server = 'http://127.0.0.1:8545/';
const scene = 'names of ethereum';
const callback = '0xb4a85801';

interface Call {
  readonly to: string;
  readonly data: Hex;
}
type Answer = { readonly result: Hex } | { readonly revert: Hex };

const addressAnswer = (address: Hex): Answer => ({
  result: encodeFunctionResult({
    abi,
    functionName: 'resolveWithGateways',
    result: [encodeAbiParameters([{ type: 'address' }], [address]), nobody],
  }),
});

async function ethereum(page: Page, answer: (call: Call) => Answer): Promise<Call[]> {
  const calls: Call[] = [];
  await page.unroute(`${server}**`);
  await page.route(`${server}**`, async (route) => {
    const { id, params } = route.request().postDataJSON() as { id: number; params: [Call] };
    calls.push(params[0]);
    const told = answer(params[0]);
    const body = 'result' in told ? told : { error: { code: 3, message: 'execution reverted', data: told.revert } };
    await route.fulfill({ json: { jsonrpc: '2.0', id, ...body }, headers: { 'access-control-allow-origin': '*' } });
  });
  return calls;
}

/** As the universal resolver does for a name whose resolver keeps its records elsewhere: it sends to the gateway, and judges what comes back. */
const offChain =
  (gateway: string) =>
  (call: Call): Answer => {
    if (!call.data.startsWith(callback)) {
      const query = encodeFunctionData({ abi, functionName: 'query', args: [[{ sender: alice, urls: [gateway], data: '0xc0ffee' }]] });
      return {
        revert: encodeErrorResult({
          abi,
          errorName: 'OffchainLookup',
          args: [universalResolver, ['x-batch-gateway:true'], query, callback, '0xfeed'],
        }),
      };
    }
    const [response, extra] = decodeAbiParameters([{ type: 'bytes' }, { type: 'bytes' }], `0x${call.data.slice(10)}`);
    expect(extra).toBe('0xfeed');
    const [[failed], [record]] = decodeAbiParameters([{ type: 'bool[]' }, { type: 'bytes[]' }], response);
    // What a gateway that failed has left is an error of its own, which the resolver hands on.
    if (failed) return { revert: record ?? '0x' };
    return addressAnswer(`0x${record?.slice(2, 42)}`);
  };

const field = (page: Page) => page.getByRole('textbox', { name: 'Wallet address', exact: true });
const typed = async (page: Page, name: string): Promise<void> => {
  await field(page).fill('');
  await field(page).fill(name);
};
const cors = { 'access-control-allow-origin': '*', 'access-control-allow-headers': '*' };

describe('the contracts of ENS', () => {
  test('are asked where they are, for a name as EIP-137 hashes it, be it one of a wildcard', () =>
    at({ scene, route: '#/new' }, async (page) => {
      const calls = await ethereum(page, () => addressAnswer(alice));
      await field(page).fill('foo.eth');
      await page.getByText('foo.eth stands for this address now.').waitFor();
      const call = calls[0] as Call;
      expect(call.to.toLowerCase()).toBe(universalResolver);
      const [name, data, gateways] = decodeFunctionData({ abi, data: call.data }).args as unknown as [Hex, Hex, string[]];
      expect(name).toBe('0x03666f6f0365746800');
      expect(data).toBe('0x3b3b57dede9b09fd7c5f901e23a3f19fecc54828e9c848539801e86591bd9801b019f84f');
      // Nobody's gateway stands between the browser and those of a name.
      expect(gateways).toEqual(['x-batch-gateway:true']);
      // Whose resolver answers for what is below it is found by the contract: the name goes there whole.
      await typed(page, 'a.foo.eth');
      await page.getByText('a.foo.eth stands for this address now.').waitFor();
      expect((decodeFunctionData({ abi, data: (calls[1] as Call).data }).args as unknown as [Hex])[0]).toBe('0x016103666f6f0365746800');
    }));

  test('say in several ways that a name stands for no address', () =>
    at({ scene, route: '#/new' }, async (page) => {
      const ways: Record<string, Answer> = {
        'a.eth': { revert: encodeErrorResult({ abi, errorName: 'ResolverNotFound', args: ['0x'] }) },
        'b.eth': { revert: encodeErrorResult({ abi, errorName: 'ResolverNotContract', args: ['0x', alice] }) },
        'c.eth': { revert: encodeErrorResult({ abi, errorName: 'UnsupportedResolverProfile', args: ['0x3b3b57de'] }) },
        'd.eth': { revert: encodeErrorResult({ abi, errorName: 'ResolverError', args: ['0x'] }) },
        'e.eth': addressAnswer(nobody),
        'f.eth': { result: encodeFunctionResult({ abi, functionName: 'resolveWithGateways', result: ['0x', nobody] }) },
      };
      for (const [name, answer] of Object.entries(ways)) {
        await ethereum(page, () => answer);
        await typed(page, name);
        await page.getByText('This name stands for no address.').waitFor();
      }
    }));

  test('send to a gateway for what is not on the chain: to those of https with a public name, and no others', () =>
    at({ scene, route: '#/new' }, async (page) => {
      const gateways: string[] = [];
      const serve = async (route: Route): Promise<void> => {
        gateways.push(route.request().url());
        await route.fulfill({ json: { data: `${alice}${'00'.repeat(12)}` }, headers: cors });
      };
      await page.route(/gateway\.example|192\.168|10\.0|localhost|intranet/, serve);
      await ethereum(page, offChain('https://gateway.example/{sender}/{data}.json'));
      await field(page).fill('far.eth');
      await page.getByText('far.eth stands for this address now.').waitFor();
      expect(gateways).toEqual([`https://gateway.example/${alice.toLowerCase()}/0xc0ffee.json`]);

      gateways.length = 0;
      const refused = [
        'http://gateway.example/{data}',
        'https://localhost/{data}',
        'https://192.168.1.1/{data}',
        'https://[fd00::1]/{data}',
        'https://93.184.216.34/{data}',
        'https://intranet/{data}',
        'https://printer.local/{data}',
        'https://u:p@gateway.example/{data}',
        'data:application/json,{"data":"0x00"}',
      ];
      for (const [index, url] of refused.entries()) {
        await ethereum(page, offChain(url));
        await typed(page, `far${index}.eth`);
        await page.getByText('The server that keeps this name did not answer').waitFor();
      }
      expect(gateways).toEqual([]);
    }));

  test('do not have it look like an unused name when the gateway of a name is away', () =>
    at({ scene, route: '#/new' }, async (page) => {
      await page.route(/gateway\.example/, (route) => route.fulfill({ status: 503, body: 'busy', headers: cors }));
      await ethereum(page, offChain('https://gateway.example/{data}'));
      await field(page).fill('far.eth');
      await page.getByText('The server that keeps this name did not answer').waitFor();
      expect(await page.getByRole('button', { name: 'Start', exact: true }).isEnabled()).toBe(false);
    }));

  test('are not believed where they answer nonsense', () =>
    at({ scene, route: '#/new' }, async (page) => {
      for (const [index, result] of (['0x', '0x1234', `0x${'ff'.repeat(64)}`] as const).entries()) {
        await ethereum(page, () => ({ result }));
        await typed(page, `odd${index}.eth`);
        await page.getByText('The server did not answer.').waitFor();
      }
    }));

  test('name nobody whose name leads elsewhere, or is not written as names are', () =>
    at({ scene, route: '#/conversation/c0/details' }, async (page) => {
      const reverse =
        (name: string, forward: Hex) =>
        (call: Call): Answer => {
          const { functionName } = decodeFunctionData({ abi, data: call.data });
          if (functionName === 'resolveWithGateways') return addressAnswer(forward);
          return { result: encodeFunctionResult({ abi, functionName: 'reverseWithGateways', result: [name, nobody, nobody] }) };
        };
      const mismatch = encodeErrorResult({ abi, errorName: 'ReverseAddressMismatch', args: ['alice.eth', '0x11'] });
      const ways = [
        (): Answer => ({ revert: mismatch }),
        reverse('alice.eth', `0x${'11'.repeat(20)}`),
        reverse('Alice.eth', alice),
        reverse('аlice.eth'.toUpperCase(), alice),
        reverse('', alice),
      ];
      for (const way of ways) {
        const calls = await ethereum(page, way);
        await page.getByRole('button', { name: 'Look its name up', exact: true }).click();
        await page.getByText('No name leads to this address and back.').waitFor();
        const [asked, coin] = decodeFunctionData({ abi, data: (calls[0] as Call).data }).args as unknown as [Hex, bigint];
        expect([asked.toLowerCase(), coin]).toEqual([alice.toLowerCase(), 60n]);
        await page.reload();
        await page.getByRole('button', { name: 'Look its name up', exact: true }).waitFor();
      }
    }));
});
