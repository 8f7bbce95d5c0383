import type { JSX } from 'preact';
import type { Site } from '../../../rpc/views/sites.ts';
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
      <h2>{t('settings.sites')}</h2>
      {error && <Notice tone="danger">{error}</Notice>}
      {sites && connected.length === 0 && <p class="small quiet">{t('sites.noneASiteThat')}</p>}
      {connected.length > 0 && (
        <ul class="stack" aria-label={t('settings.sites')}>
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
  return (
    <li class="stack tight">
      <Line
        origin={origin}
        note={t('sites.seesYourAddress', { time: term(grant?.expiresAt ?? null) })}
        words={t('sites.disconnect')}
        label={t('sites.disconnectFrom', { site: origin })}
        onPress={() => background.call('revokeSite', { origin }).then(onChanged)}
      />
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
  return (
    <li class="stack tight">
      <Line
        origin={origin}
        words={t('sites.forget')}
        label={t('sites.forgetSite', { site: origin })}
        onPress={() => background.call('forgetSite', { origin }).then(onChanged)}
      />
      <SiteDeeds ledger={ledger} />
    </li>
  );
}

interface LineProps {
  readonly origin: string;
  readonly note?: string;
  readonly words: string;
  readonly label: string;
  readonly onPress: () => Promise<void>;
}

/** A site, and what can be done with it as a whole. */
function Line({ origin, note, words, label, onPress }: LineProps): JSX.Element {
  const work = useWork();
  return (
    <>
      <div class="site">
        <div>
          <strong>{origin}</strong>
          {note !== undefined && <p class="small quiet">{note}</p>}
        </div>
        <Button label={label} disabled={work.busy} onClick={() => void work.run(onPress)}>
          {words}
        </Button>
      </div>
      {work.error && <Notice tone="danger">{work.error}</Notice>}
    </>
  );
}
