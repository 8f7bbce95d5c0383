import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Button } from '../../parts/Button.tsx';
import { Notice } from '../../parts/Notice.tsx';
import { t } from '../../t.tsx';
import { patienceMs } from '../../wallets/page-wallet.ts';

/** While a wallet has the word. Nobody has to wait for ever. */
export function Waiting({ what, onStop }: { readonly what: string; readonly onStop: () => void }): JSX.Element {
  const [long, setLong] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLong(true), patienceMs);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div class="stack">
      <p class="small quiet" role="status">
        {what}
      </p>
      {long && <Notice tone="caution">{t('waiting.theWalletHasNot')}</Notice>}
      <div class="side">
        <Button onClick={onStop}>{t('waiting.stopWaiting')}</Button>
      </div>
    </div>
  );
}
