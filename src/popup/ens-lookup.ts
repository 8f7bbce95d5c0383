import { BaseError, ContractFunctionRevertedError, ccipRequest, createClient, http } from 'viem';
import { getChainId, getEnsAddress, getEnsName } from 'viem/actions';
import { mainnet } from 'viem/chains';
import { normalize } from 'viem/ens';
import type { Address } from '../rpc/views/account.ts';
import { EnsError } from './ens-error.ts';

/**
 * Asks an RPC server of Ethereum's main network for names (ENS). A chunk of its own, fetched when the first name is asked for. Names are normalised by ENSIP-15, so that two that
 * look alike by tricks of Unicode are not both taken. Names that lead to another server (CCIP read) are followed to where `mayBeAsked`.
 */
const clientOf = (rpc: string) =>
  createClient({
    chain: mainnet,
    transport: http(rpc, { timeout: 8_000, retryCount: 1 }),
    ccipRead: { request: (asked) => ccipRequest({ ...asked, urls: asked.urls.filter(mayBeAsked) }) },
  });

/** Who owns a name chooses its server: it must be none that only this browser can reach, and nobody on the way may answer in its place. */
function mayBeAsked(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  const isNumber = hostname.startsWith('[') || /^[\d.]+$/.test(hostname);
  const isNear = !hostname.includes('.') || /\.(local|localhost|internal|home\.arpa)$/.test(hostname);
  return protocol === 'https:' && username === '' && password === '' && !isNumber && !isNear;
}

/** The ways in which the contract says that there is nothing. */
const nothing = new Set([
  'ResolverNotFound',
  'ResolverNotContract',
  'UnsupportedResolverProfile',
  'ResolverError',
  'ReverseAddressMismatch',
]);
/** What is left of an answer that the server of a name did not give. */
const noAnswer = new Set(['HttpError', 'Error']);

/** @throws EnsError gateway */
async function orNothing<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    const reverted = error instanceof BaseError ? error.walk((each) => each instanceof ContractFunctionRevertedError) : null;
    const why = reverted instanceof ContractFunctionRevertedError ? (reverted.data?.errorName ?? '') : '';
    if (nothing.has(why)) return null;
    throw noAnswer.has(why) ? new EnsError('gateway', { cause: error }) : error;
  }
}

export const chainOf = (rpc: string): Promise<number> => getChainId(clientOf(rpc));

/** The name as it is to be written; null: it is none. */
export function normalName(text: string): string | null {
  try {
    return normalize(text);
  } catch {
    return null;
  }
}

export const addressOf = (rpc: string, name: string): Promise<Address | null> =>
  orNothing(getEnsAddress(clientOf(rpc), { name, strict: true }));

export const nameOf = (rpc: string, address: Address): Promise<string | null> =>
  orNothing(getEnsName(clientOf(rpc), { address, strict: true }));
