import type { JSX } from 'preact';
import { shortcuts } from '../shortcuts.ts';
import { Button } from './Button.tsx';
import { Dialog } from './Dialog.tsx';

/** What keys do here. */
export function Shortcuts({ onClose }: { readonly onClose: () => void }): JSX.Element {
  return (
    <Dialog title="Keys" onClose={onClose}>
      <dl class="keys">
        {shortcuts.map(({ keys, words }) => (
          <div key={keys}>
            <dt>
              {keys.split(' ').map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{words}</dd>
          </div>
        ))}
      </dl>
      <div class="decide">
        <Button onClick={onClose}>Close</Button>
      </div>
    </Dialog>
  );
}
