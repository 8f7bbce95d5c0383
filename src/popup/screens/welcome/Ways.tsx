import { ChevronRight, FileKey, FileUp, Globe, KeyRound, ListOrdered, QrCode, SquareArrowOutUpRight } from 'lucide';
import type { JSX } from 'preact';
import { Icon } from '../../parts/Icon.tsx';
import { Stepped } from './Stepped.tsx';

export type WayIn = 'new' | 'page' | 'tab' | 'phrase' | 'key' | 'air' | 'keys';

interface WaysProps {
  readonly adding: boolean;
  /** The host of the tab that somebody came from with its wallet in mind. */
  readonly tab: string | null;
  readonly onWay: (way: WayIn) => void;
  readonly onBack: () => void;
}

interface Way {
  readonly way: WayIn;
  readonly icon: unknown;
  readonly title: string;
  readonly about: string;
}

/** What somebody may bring. */
export function Ways({ adding, tab, onWay, onBack }: WaysProps): JSX.Element {
  const ways: Way[] = [
    ...(adding ? [{ way: 'new' as const, icon: KeyRound, title: 'New wallet', about: 'Parley makes one, with a recovery phrase.' }] : []),
    ...(tab === null
      ? []
      : [
          {
            way: 'tab' as const,
            icon: SquareArrowOutUpRight,
            title: `The wallet in the tab of ${tab}`,
            about: 'Its window asks you; keys stay in the wallet.',
          },
        ]),
    { way: 'page', icon: Globe, title: 'A wallet in this browser', about: 'MetaMask, Rabby and the like sign; keys stay in the wallet.' },
    { way: 'phrase', icon: ListOrdered, title: 'Recovery phrase', about: '12 to 24 words; choose the account.' },
    { way: 'key', icon: KeyRound, title: 'Private key', about: 'Of one account.' },
    {
      way: 'air',
      icon: QrCode,
      title: 'A wallet apart',
      about: 'On paper, on a phone, offline: read the text there, paste its signature here.',
    },
    { way: 'keys', icon: FileKey, title: 'Keys of another XMTP program', about: 'What xmtp-js exports or keeps; no wallet needed.' },
  ];
  return (
    <Stepped step={null} title={adding ? 'Add an account' : 'What do you have?'} onBack={onBack}>
      <ul class="picks">
        {ways.map(({ way, icon, title, about }) => (
          <li key={way}>
            <button type="button" class="pick" onClick={() => onWay(way)}>
              <Icon of={icon} />
              <span class="middle">
                <strong>{title}</strong>
                <span class="small quiet">{about}</span>
              </span>
              <Icon of={ChevronRight} size={16} />
            </button>
          </li>
        ))}
        {!adding && (
          <li>
            <a class="pick" href="#/restore">
              <Icon of={FileUp} />
              <span class="middle">
                <strong>A backup file of Parley</strong>
                <span class="small quiet">Account, messages and settings as they were.</span>
              </span>
              <Icon of={ChevronRight} size={16} />
            </a>
          </li>
        )}
      </ul>
    </Stepped>
  );
}
