import type { JSX } from 'preact';
import type { Key } from '../../words/en/index.ts';
import { t } from '../t.tsx';
import { Button } from './Button.tsx';
import { Dialog } from './Dialog.tsx';

/** What keys do anywhere, as the sheet lists them. */
const shortcuts = [
  { keys: 'shortcuts.searchKeys', words: 'shortcuts.search' },
  { keys: 'shortcuts.aboveKeys', words: 'shortcuts.above' },
  { keys: 'shortcuts.belowKeys', words: 'shortcuts.below' },
  { keys: 'shortcuts.closeKeys', words: 'shortcuts.closeTop' },
  { keys: 'shortcuts.sendKeys', words: 'shortcuts.send' },
  { keys: 'shortcuts.lineKeys', words: 'shortcuts.line' },
  { keys: 'shortcuts.listKeys', words: 'shortcuts.list' },
] as const satisfies readonly { readonly keys: Key; readonly words: Key }[];

/** What keys do here. */
export function Shortcuts({ onClose }: { readonly onClose: () => void }): JSX.Element {
  return (
    <Dialog title={t('common.keys')} onClose={onClose}>
      <dl class="keys">
        {shortcuts.map(({ keys, words }) => (
          <div key={keys}>
            <dt>
              {t(keys)
                .split(' ')
                .map((key) => (
                  <kbd key={key}>{key}</kbd>
                ))}
            </dt>
            <dd>{t(words)}</dd>
          </div>
        ))}
      </dl>
      <div class="decide">
        <Button onClick={onClose}>{t('common.close')}</Button>
      </div>
    </Dialog>
  );
}
