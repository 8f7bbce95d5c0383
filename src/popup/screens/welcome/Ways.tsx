import { ChevronRight, FileKey, FileUp, Globe, KeyRound, ListOrdered, QrCode, SquareArrowOutUpRight } from 'lucide';
import type { JSX } from 'preact';
import { Icon } from '../../parts/Icon.tsx';
import { t } from '../../t.tsx';
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
    ...(adding ? [{ way: 'new' as const, icon: KeyRound, title: t('ways.newWallet'), about: t('ways.parleyMakesOneWith') }] : []),
    ...(tab === null
      ? []
      : [
          {
            way: 'tab' as const,
            icon: SquareArrowOutUpRight,
            title: t('ways.theWalletInThe', { host: tab }),
            about: t('ways.itsWindowAsksYou'),
          },
        ]),
    { way: 'page', icon: Globe, title: t('ways.aWalletInThis'), about: t('ways.metamaskRabbyAndThe') },
    { way: 'phrase', icon: ListOrdered, title: t('common.recoveryPhrase'), about: t('ways.with12To24Words') },
    { way: 'key', icon: KeyRound, title: t('common.privateKey'), about: t('ways.ofOneAccount') },
    {
      way: 'air',
      icon: QrCode,
      title: t('ways.aWalletApart'),
      about: t('ways.onPaperOnA'),
    },
    { way: 'keys', icon: FileKey, title: t('ways.keysOfAnotherXmtp'), about: t('ways.whatXmtpJsExports') },
  ];
  return (
    <Stepped step={null} title={adding ? t('common.addAnAccount') : t('ways.whatDoYouHaveQuestion')} onBack={onBack}>
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
                <strong>{t('ways.aBackupFileOf')}</strong>
                <span class="small quiet">{t('ways.accountMessagesAndSettings')}</span>
              </span>
              <Icon of={ChevronRight} size={16} />
            </a>
          </li>
        )}
      </ul>
    </Stepped>
  );
}
