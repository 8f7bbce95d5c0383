import type { JSX } from 'preact';
import { TriangleAlert } from '../icons.ts';
import { background } from '../rpc.ts';
import { t } from '../t.tsx';
import { Icon } from './Icon.tsx';

/** That the browser has lost everything but the keys; stays until somebody says that they have read it. */
export function LossBar(): JSX.Element {
  return (
    <div class="node-bar" role="status">
      <Icon of={TriangleAlert} size={16} />
      <p>
        {t('loss.explain')}{' '}
        <button type="button" onClick={() => void background.call('lossSeen', {}).catch(() => undefined)}>
          {t('loss.understood')}
        </button>
      </p>
    </div>
  );
}
