import type { Address } from '../rpc/views/account.ts';
import { EnsError } from './ens-error.ts';
import { t } from './t.tsx';

const words = { 'no-name': 'ens.noName', unreachable: 'ens.unreachable', gateway: 'ens.gateway', 'other-chain': 'ens.otherChain' } as const;

/** What went wrong, in words; null for what is no fault of a name's. */
export const explainEns = (error: unknown): string | null => (error instanceof EnsError ? t(words[error.fault]) : null);

/** Whether a text is worth asking for as a name: letters with a dot between them, and no address. */
export const looksLikeName = (text: string): boolean => /^[^\s./@:]+(\.[^\s./@:]+)+$/u.test(text.trim()) && text.trim().length <= 255;

const load = () => import('./ens-lookup.ts');

/** Whether a server answers for Ethereum's main network. @throws EnsError unreachable, other-chain */
export async function testEns(rpc: string): Promise<void> {
  const { chainOf } = await load();
  if ((await chainOf(rpc).catch(unreachable)) !== 1) throw new EnsError('other-chain');
}

/** The address that a name stands for, and the name as it is to be written; null: it stands for none. @throws EnsError no-name, unreachable, gateway */
export async function addressOfName(rpc: string, text: string): Promise<{ readonly name: string; readonly address: Address } | null> {
  const { addressOf, normalName } = await load();
  const name = normalName(text.trim());
  if (name === null) throw new EnsError('no-name');
  const address = await addressOf(rpc, name).catch(unreachable);
  return address === null ? null : { name, address };
}

/** The name that an address goes by, if that name is written as names are and stands for the address in turn; else null. @throws EnsError unreachable, gateway */
export async function nameOfAddress(rpc: string, address: Address): Promise<string | null> {
  const { addressOf, nameOf, normalName } = await load();
  const name = await nameOf(rpc, address).catch(unreachable);
  if (name === null || normalName(name) !== name) return null;
  const back = await addressOf(rpc, name).catch(unreachable);
  return back?.toLowerCase() === address.toLowerCase() ? name : null;
}

function unreachable(cause: unknown): never {
  if (cause instanceof EnsError) throw cause;
  throw new EnsError('unreachable', { cause });
}
