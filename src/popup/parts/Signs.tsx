import { SmilePlus } from 'lucide';
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { ReactionView } from '../../rpc/views/messages.ts';
import { useNameOf } from '../names.ts';
import { t } from '../t.tsx';
import { visibleLine } from '../text.ts';
import { listed } from '../words.ts';
import { Button, IconButton } from './Button.tsx';
import { Dialog } from './Dialog.tsx';
import { Notice } from './Notice.tsx';

/** Those that most people want most of the time. */
export const quickSigns = ['👍', '❤️', '😂', '😮', '😢', '🙏'];

interface SignsProps {
  readonly reactions: readonly ReactionView[];
  readonly own: string;
  /** null where nothing can be said. */
  readonly onReact: ((sign: string, added: boolean) => void) | null;
}

/** What hangs on a message; pressing one puts the same there, or takes one's own off. */
export function Signs({ reactions, own, onReact }: SignsProps): JSX.Element {
  const nameOf = useNameOf();
  return (
    <ul class="hung" aria-label={t('signs.reactions')}>
      {reactions.map(({ sign, senders, mine }) => {
        const shown = visibleLine([...sign].slice(0, 16).join(''));
        const who = listed(senders.slice(0, 20).map((sender) => (sender === own ? t('common.you') : nameOf(sender))));
        // What is said of it begins with what is seen.
        const label = t('signs.by', { shown: senders.length > 1 ? `${shown} ${senders.length}` : shown, who });
        return (
          <li key={sign}>
            <button
              type="button"
              class={`sign${mine ? ' mine' : ''}`}
              aria-pressed={mine}
              aria-label={label}
              title={label}
              disabled={onReact === null}
              onClick={() => onReact?.(sign, !mine)}
            >
              <span>{shown}</span>
              {senders.length > 1 && <span class="times">{senders.length}</span>}
            </button>
          </li>
        );
      })}
    </ul>
  );
}

interface PickerProps {
  readonly onPick: (sign: string) => void;
  readonly onClose: () => void;
}

interface Group {
  readonly name: string;
  readonly emojis: readonly { readonly emoji: string; readonly name: string }[];
}

/** A few signs at once, and all of Unicode's behind them, fetched from the package when somebody asks. */
export function SignPicker({ onPick, onClose }: PickerProps): JSX.Element {
  const [all, setAll] = useState(false);
  const [groups, setGroups] = useState<readonly Group[] | null>(null);
  const [failed, setFailed] = useState(false);
  const [search, setSearch] = useState('');
  useEffect(() => {
    if (!all) return;
    import('unicode-emoji-json/data-by-group.json').then(
      ({ default: data }) => setGroups(data as readonly Group[]),
      () => setFailed(true),
    );
  }, [all]);
  const wanted = search.trim().toLowerCase();
  const shown = (groups ?? [])
    .map((group) => ({ ...group, emojis: group.emojis.filter(({ name }) => name.includes(wanted)) }))
    .filter(({ emojis }) => emojis.length > 0);
  const button = (emoji: string, name: string): JSX.Element => (
    <button key={emoji} type="button" class="emoji" aria-label={name} title={name} onClick={() => onPick(emoji)}>
      {emoji}
    </button>
  );
  return (
    <Dialog title={t('common.react')} onClose={onClose}>
      <div class="emojis">
        {quickSigns.map((sign) => button(sign, sign))}
        {!all && <IconButton icon={SmilePlus} label={t('signs.allSigns')} onClick={() => setAll(true)} />}
      </div>
      {failed && <Notice tone="danger">{t('signs.theListOfSigns')}</Notice>}
      {all && groups && (
        <>
          <div class="input">
            <input
              type="search"
              aria-label={t('signs.searchSigns')}
              placeholder={t('common.search')}
              value={search}
              onInput={(event) => setSearch(event.currentTarget.value)}
            />
          </div>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: scrolling by keyboard */}
          <section class="all-emojis" tabIndex={0} aria-label={t('signs.signs')}>
            {shown.map(({ name, emojis }) => (
              <section key={name} aria-label={name}>
                <h3 class="small quiet">{name}</h3>
                <div class="emojis">{emojis.map(({ emoji, name: words }) => button(emoji, words))}</div>
              </section>
            ))}
            {shown.length === 0 && <p class="quiet">{t('signs.nothingOfThatName')}</p>}
          </section>
        </>
      )}
      <div class="decide">
        <Button onClick={onClose}>{t('common.cancel')}</Button>
      </div>
    </Dialog>
  );
}
