import { ccipRequest, createClient, http } from 'viem';
import { getChainId, getEnsAddress, getEnsName } from 'viem/actions';
import { mainnet } from 'viem/chains';
import { normalize } from 'viem/ens';
import type { Address } from '../rpc/views/account.ts';

/**
 * Asks an RPC server of Ethereum's main network for names (ENS). A chunk of its own, fetched when the first name is asked for. Names are normalised by ENSIP-15, so that two that
 * look alike by tricks of Unicode are not both taken. Names that lead to another server (CCIP read) are followed to https addresses alone.
 */
const clientOf = (rpc: string) =>
  createClient({
    chain: mainnet,
    transport: http(rpc, { timeout: 8_000, retryCount: 1 }),
    ccipRead: { request: (asked) => ccipRequest({ ...asked, urls: asked.urls.filter((url) => url.startsWith('https://')) }) },
  });

export const chainOf = (rpc: string): Promise<number> => getChainId(clientOf(rpc));

/** The name as it is to be written; null: it is none. */
export function normalName(text: string): string | null {
  try {
    return normalize(text);
  } catch {
    return null;
  }
}

export const addressOf = (rpc: string, name: string): Promise<Address | null> => getEnsAddress(clientOf(rpc), { name });

export const nameOf = (rpc: string, address: Address): Promise<string | null> => getEnsName(clientOf(rpc), { address });
