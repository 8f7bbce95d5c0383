import { Lock } from 'lucide';
import type { JSX } from 'preact';
import { t } from '../t.tsx';
import { Icon } from './Icon.tsx';

const sealedBytes = '7d1f c3a8 04be 9e62 f517';

/** What is written, what travels, what is read: a picture of type and lines. */
export function Letter(): JSX.Element {
  return (
    <div class="picture" aria-hidden="true">
      <span class="said mine">{t('letter.seeYouAtSeven')}</span>
      <span class="sealed">
        <Icon of={Lock} size={16} />
        {sealedBytes}
      </span>
      <span class="said">{t('letter.seeYouAtSeven')}</span>
    </div>
  );
}
