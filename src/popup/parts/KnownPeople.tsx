import type { JSX } from 'preact';
import { useContext } from 'preact/hooks';
import { NamesContext } from '../names.ts';
import { t } from '../t.tsx';
import { Avatar } from './Avatar.tsx';

const mostShown = 6;

/** Letters as they are compared: without case and accents. */
const folded = (text: string): string =>
  text
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase();

/** Those whose name begins with what is typed, or has a word that does. */
export function useKnownPeople(text: string): [address: string, name: string][] {
  const names = useContext(NamesContext);
  const wanted = folded(text.trim());
  if (wanted === '' || wanted.startsWith('0x')) return [];
  return Object.entries(names)
    .filter(([, name]) => ` ${folded(name)}`.includes(` ${wanted}`))
    .sort(([, a], [, b]) => a.localeCompare(b))
    .slice(0, mostShown);
}

/** To choose from instead of an address. */
export function KnownPeople({
  people,
  onChoose,
}: {
  readonly people: readonly (readonly [address: string, name: string])[];
  readonly onChoose: (address: string) => void;
}): JSX.Element | null {
  if (people.length === 0) return null;
  return (
    <ul class="choices" aria-label={t('knownPeople.peopleWithAName')}>
      {people.map(([address, name]) => (
        <li key={address}>
          <button type="button" onClick={() => onChoose(address)}>
            <Avatar address={address} size={28} />
            <bdi title={address}>{name}</bdi>
          </button>
        </li>
      ))}
    </ul>
  );
}
