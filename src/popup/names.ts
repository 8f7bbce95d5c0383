import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { GroupView } from '../rpc/views/conversations.ts';
import { shortAddress } from './address.ts';
import { t } from './t.tsx';
import { visibleLine } from './text.ts';

/** What people are called by the owner of the account, by address. */
export type NamesByAddress = Readonly<Record<string, string>>;

/** Those that everything on the page is drawn with. */
export const NamesContext = createContext<NamesByAddress>({});

/** The name that somebody was given, else their address in short. */
export function useNameOf(): (address: string) => string {
  const names = useContext(NamesContext);
  return (address) => names[address] ?? shortAddress(address);
}

/** What a group is called; its title is its creator's. */
export const groupName = ({ title, members }: GroupView): string => visibleLine(title) || t('words.groupOf', { count: members.length });

/** The RPC server that may be asked for names of Ethereum; null: none. */
export const EnsContext = createContext<string | null>(null);
