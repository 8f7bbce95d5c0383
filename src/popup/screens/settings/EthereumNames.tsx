import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { explainEns, testEns } from '../../ens.ts';
import { explain } from '../../explain.ts';
import { Button } from '../../parts/Button.tsx';
import { Field } from '../../parts/Field.tsx';
import { Notice } from '../../parts/Notice.tsx';
import { background } from '../../rpc.ts';
import { useWork } from '../../state.ts';
import { rich, t, type Words } from '../../t.tsx';
import type { GroupProps } from './group.ts';

/** Who is asked for names of Ethereum: nobody, until somebody says whom. */
export function EthereumNames({ settings, onChanged }: GroupProps): JSX.Element {
  const { ensRpc } = settings;
  const [naming, setNaming] = useState(false);
  const [url, setUrl] = useState('');
  const [passphrase, setPassphrase] = useState('');
  const work = useWork();
  const use = (): Promise<void> =>
    work.run(async () => {
      // What is no address is refused before anybody is asked.
      await testEns(url.trim());
      await background.call('setEnsRpc', { url: url.trim(), passphrase });
      setUrl('');
      setPassphrase('');
      setNaming(false);
      onChanged();
    });
  const off = (): Promise<void> =>
    work.run(async () => {
      await background.call('setEnsRpc', { url: null });
      onChanged();
    });
  const ready = url.trim() !== '' && passphrase !== '' && !work.busy;
  const error = work.failure === null ? null : (explainEns(work.failure) ?? explain(work.failure));
  return (
    <section class="group" id="settings-names">
      <h2>{t('settings.names')}</h2>
      <p class="small quiet">{rich('ens.explain', { name: (words: Words) => <code>{words}</code> })}</p>
      <p class="small">{ensRpc === null ? t('ens.off') : t('ens.on', { server: new URL(ensRpc).host })}</p>
      {ensRpc !== null ? (
        <div class="side">
          <Button disabled={work.busy} onClick={() => void off()}>
            {t('ens.turnOff')}
          </Button>
        </div>
      ) : !naming ? (
        <div class="side">
          <Button onClick={() => setNaming(true)}>{t('ens.begin')}</Button>
        </div>
      ) : (
        <form
          class="stack"
          onSubmit={(event) => {
            event.preventDefault();
            if (ready) void use();
          }}
        >
          <Field label={t('ens.server')} type="url" value={url} onValue={setUrl} placeholder="https://" mono autoFocus />
          <Field label={t('common.yourPassphrase')} type="password" value={passphrase} onValue={setPassphrase} />
          {error && <Notice tone="danger">{error}</Notice>}
          <div class="side">
            <Button onClick={() => setNaming(false)}>{t('common.cancel')}</Button>
            <Button kind="primary" type="submit" disabled={!ready}>
              {work.busy ? t('ens.checking') : t('ens.use')}
            </Button>
          </div>
        </form>
      )}
    </section>
  );
}
