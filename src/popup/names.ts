import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { shortAddress } from './address.ts';

/** What people are called by the owner of the account, by address. */
export type NamesByAddress = Readonly<Record<string, string>>;

/** Those that everything on the page is drawn with. */
export const NamesContext = createContext<NamesByAddress>({});

/** The name that somebody was given, else their address in short. */
export function useNameOf(): (address: string) => string {
  const names = useContext(NamesContext);
  return (address) => names[address] ?? shortAddress(address);
}
