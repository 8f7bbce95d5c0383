import type { JSX } from 'preact';
import { useContext } from 'preact/hooks';
import { NamesContext } from '../names.ts';
import { ShortAddress } from './Address.tsx';

/** Somebody by the name that they were given, else by address; the whole of that for who points at it. */
export function Person({ address }: { readonly address: string }): JSX.Element {
  const name = useContext(NamesContext)[address];
  return name === undefined ? <ShortAddress address={address} /> : <bdi title={address}>{name}</bdi>;
}
