import type { JSX } from 'preact';
import type { Site } from '../../../rpc/views.ts';
import { Button } from '../../parts/Button.tsx';
import { Notice } from '../../parts/Notice.tsx';
import { background } from '../../rpc.ts';
import { useAsked, useWork } from '../../state.ts';
import { t } from '../../t.tsx';
import { term } from '../../words.ts';
import type { GroupProps } from './group.ts';
import { SiteDeeds } from './SiteDeeds.tsx';
import { SiteKeystore } from './SiteKeystore.tsx';
import { SitePermission } from './SitePermission.tsx';

/** What sites may do, what they did, and what can be taken back. */
export function Sites({ settings, onChanged }: GroupProps): JSX.Element {
  const { value: sites, error, reload } = useAsked(() => background.call('sites', {}), 'sites', ['sites']);
  const connected = sites?.filter(({ grant }) => grant !== null) ?? [];
  const former = sites?.filter(({ grant }) => grant === null) ?? [];
  return (
    <section class="group" id="settings-sites">
      <h2>{t('sites.connectedSites')}</h2>
      {error && <Notice tone="danger">{error}</Notice>}
      {sites && connected.length === 0 && <p class="small quiet">{t('sites.noneASiteThat')}</p>}
      {connected.length > 0 && (
        <ul class="stack" aria-label={t('sites.connectedSites')}>
          {connected.map((site) => (
            <Connected key={site.origin} site={site} onChanged={reload} />
          ))}
        </ul>
      )}
      {former.length > 0 && (
        <>
          <h3>{t('sites.notConnectedAnyMore')}</h3>
          <ul class="stack" aria-label={t('sites.notConnectedAnyMore')}>
            {former.map((site) => (
              <Former key={site.origin} site={site} onChanged={reload} />
            ))}
          </ul>
        </>
      )}
      <SiteKeystore settings={settings} onChanged={onChanged} />
    </section>
  );
}

interface SiteProps {
  readonly site: Site;
  readonly onChanged: () => void;
}

function Connected({ site: { origin, grant, ledger }, onChanged }: SiteProps): JSX.Element {
  const work = useWork();
  return (
    <li class="stack tight">
      <div class="site">
        <div>
          <strong>{origin}</strong>
          <p class="small quiet">{t('sites.seesYourAddress', { time: term(grant?.expiresAt ?? null) })}</p>
        </div>
        <Button
          label={t('sites.disconnectFrom', { site: origin })}
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
      </div>
      {work.error && <Notice tone="danger">{work.error}</Notice>}
      {grant && grant.permissions.length > 0 && (
        <ul class="stack" aria-label={t('sites.whatItMayDo', { site: origin })}>
          {grant.permissions.map((permission) => (
            <SitePermission
              key={JSON.stringify(permission)}
              origin={origin}
              permission={permission}
              conversations={grant.conversations}
              onChanged={onChanged}
            />
          ))}
        </ul>
      )}
      <SiteDeeds ledger={ledger} />
    </li>
  );
}

function Former({ site: { origin, ledger }, onChanged }: SiteProps): JSX.Element {
  const work = useWork();
  return (
    <li class="stack tight">
      <div class="site">
        <div>
          <strong>{origin}</strong>
        </div>
        <Button
          label={t('sites.forgetSite', { site: origin })}
          disabled={work.busy}
          onClick={() =>
            void work.run(async () => {
              await background.call('forgetSite', { origin });
              onChanged();
            })
          }
        >
          {t('sites.forget')}
        </Button>
      </div>
      {work.error && <Notice tone="danger">{work.error}</Notice>}
      <SiteDeeds ledger={ledger} />
    </li>
  );
}
