import type { JSX } from 'preact';
import { repair } from '../repair.ts';
import { useWork } from '../state.ts';
import { t } from '../t.tsx';
import { Button } from './Button.tsx';
import { Notice } from './Notice.tsx';

/** The way out where what is stored cannot be read: said in full before it is gone. */
export function Repair(): JSX.Element {
  const work = useWork();
  return (
    <section class="stack">
      <p class="small">{t('repair.explain')}</p>
      {work.error && <Notice tone="danger">{work.error}</Notice>}
      <Button wide disabled={work.busy} onClick={() => void work.run(repair)}>
        {t('repair.begin')}
      </Button>
    </section>
  );
}
