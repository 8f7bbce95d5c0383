import { TriangleAlert } from 'lucide';
import type { JSX } from 'preact';
import type { Loss } from '../../rpc/views/account.ts';
import { background } from '../rpc.ts';
import { t } from '../t.tsx';
import { longTime } from '../time.ts';
import { Icon } from './Icon.tsx';

/** That the browser has lost everything but the keys, or went back to an older state; stays until somebody says that they have read it. */
export function LossBar({ loss: { from } }: { readonly loss: Loss }): JSX.Element {
  return (
    <div class="node-bar" role="status">
      <Icon of={TriangleAlert} size={16} />
      <p>
        {from === null ? t('loss.explain') : t('loss.older', { time: longTime(from) })}{' '}
        <button type="button" onClick={() => void background.call('lossSeen', {}).catch(() => undefined)}>
          {t('loss.understood')}
        </button>
      </p>
    </div>
  );
}
