import type { JSX } from 'preact';
import { Button } from '../../parts/Button.tsx';
import { Notice } from '../../parts/Notice.tsx';
import { background } from '../../rpc.ts';
import { useWork } from '../../state.ts';
import { t } from '../../t.tsx';
import { permissionSentence, term } from '../../words.ts';
import type { GroupProps } from './group.ts';
import { SiteKeystore } from './SiteKeystore.tsx';

export function Sites({ settings, onChanged }: GroupProps): JSX.Element {
  const work = useWork();
  return (
    <section class="group" id="settings-sites">
      <h2>{t('sites.connectedSites')}</h2>
      {settings.sites.length === 0 ? (
        <p class="small quiet">{t('sites.noneASiteThat')}</p>
      ) : (
        <ul class="stack">
          {settings.sites.map(({ origin, permissions, expiresAt }) => (
            <li key={origin} class="site">
              <div>
                <strong>{origin}</strong>
                <p class="small quiet">{t('sites.seesYourAddress', { time: term(expiresAt) })}</p>
                {permissions.map((permission) => (
                  <p key={`${permission.kind}${permission.grantedAt}${permission.expiresAt}`} class="small quiet">
                    {permissionSentence(permission)}
                  </p>
                ))}
              </div>
              <Button
                disabled={work.busy}
                onClick={() =>
                  void work.run(async () => {
                    await background.call('revokeSite', { origin });
                    onChanged();
                  })
                }
              >
                {t('sites.disconnect')}
              </Button>
            </li>
          ))}
        </ul>
      )}
      {work.error && <Notice tone="danger">{work.error}</Notice>}
      <SiteKeystore settings={settings} onChanged={onChanged} />
    </section>
  );
}
