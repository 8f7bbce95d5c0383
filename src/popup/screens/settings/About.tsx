import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Status } from '../../../rpc/views/account.ts';
import type { Settings } from '../../../rpc/views/settings.ts';
import { Button } from '../../parts/Button.tsx';
import { Notice } from '../../parts/Notice.tsx';
import { useWork } from '../../state.ts';
import { t } from '../../t.tsx';

interface Licence {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
  readonly text: string;
}

/** What this is, in which version, and of whose work it is made. */
export function About({ settings, status }: { readonly settings: Settings; readonly status: Status }): JSX.Element {
  const [licences, setLicences] = useState<readonly Licence[] | null>(null);
  const work = useWork();
  const show = (): Promise<void> =>
    work.run(async () => {
      // Written when the extension was built, from what went into it.
      const response = await fetch('/licences.json');
      if (!response.ok) throw new Error(`licences.json: ${response.status}`);
      setLicences((await response.json()) as Licence[]);
    });
  return (
    <section class="group" id="settings-about">
      <h2>{t('settings.about')}</h2>
      <dl class="facts small">
        <dt>Parley</dt>
        <dd>{settings.version}</dd>
        <dt>{t('about.browser')}</dt>
        <dd>{browserName(navigator.userAgent)}</dd>
        <dt>{t('common.node')}</dt>
        <dd>{status.node.url}</dd>
        <dt>{t('about.licence')}</dt>
        <dd>MIT</dd>
      </dl>
      <p class="small quiet">{t('about.messagesByXmtpV2')}</p>
      {work.error && <Notice tone="danger">{t('about.theListOfLicences')}</Notice>}
      {licences ? (
        <ul class="stack tight licences" aria-label={t('about.licences')}>
          {licences.map(({ name, version, licence, text }) => (
            <li key={`${name} ${version}`}>
              <details>
                <summary>
                  <strong>{name}</strong> {version} <span class="quiet">{licence.replace(/^\((.*)\)$/, '$1')}</span>
                </summary>
                {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard has to reach it */}
                <pre tabIndex={0}>{text}</pre>
              </details>
            </li>
          ))}
        </ul>
      ) : (
        <div class="side">
          <Button disabled={work.busy} onClick={() => void show()}>
            {t('about.showLicencesOfWhat')}
          </Button>
        </div>
      )}
    </section>
  );
}

const browserName = (agent: string): string => /(Firefox|Edg|Chrome)\/[\d.]+/.exec(agent)?.[0].replace('/', ' ') ?? t('about.unknown');
