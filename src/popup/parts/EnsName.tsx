import type { JSX } from 'preact';
import { useContext, useState } from 'preact/hooks';
import type { Address } from '../../rpc/views/account.ts';
import { explainEns, nameOfAddress } from '../ens.ts';
import { explain } from '../explain.ts';
import { EnsContext } from '../names.ts';
import { background } from '../rpc.ts';
import { useWork } from '../state.ts';
import { t } from '../t.tsx';
import { visibleLine } from '../text.ts';
import { Button } from './Button.tsx';
import { Notice } from './Notice.tsx';

/** The name of Ethereum that an address goes by: asked for when somebody wants to know, never by itself. Nothing where nobody may be asked. */
export function EnsName({ address, known }: { readonly address: Address; readonly known: string | null }): JSX.Element | null {
  const rpc = useContext(EnsContext);
  const [found, setFound] = useState<string | null | undefined>(undefined);
  const work = useWork();
  if (rpc === null) return null;
  const error = work.failure === null ? null : (explainEns(work.failure) ?? explain(work.failure));
  return (
    <div class="stack" aria-live="polite">
      {found === null && <p class="small quiet">{t('ens.none')}</p>}
      {found && <p class="small">{t('ens.found', { name: visibleLine(found) })}</p>}
      {error && <Notice tone="danger">{error}</Notice>}
      <div class="side">
        {found && found !== known ? (
          <Button
            disabled={work.busy}
            onClick={() => void work.run(async () => void (await background.call('namePeer', { peer: address, name: found })))}
          >
            {t('ens.takeName')}
          </Button>
        ) : (
          found === undefined && (
            <Button disabled={work.busy} onClick={() => void work.run(async () => setFound(await nameOfAddress(rpc, address)))}>
              {work.busy ? t('ens.checking') : t('ens.lookUp')}
            </Button>
          )
        )}
      </div>
    </div>
  );
}
