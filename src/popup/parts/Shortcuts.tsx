import type { JSX } from 'preact';
import { shortcuts } from '../shortcuts.ts';
import { t } from '../t.tsx';
import { Button } from './Button.tsx';
import { Dialog } from './Dialog.tsx';

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
