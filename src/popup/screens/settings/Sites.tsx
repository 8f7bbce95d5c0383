import type { JSX } from 'preact';
import { Button } from '../../parts/Button.tsx';
import { Notice } from '../../parts/Notice.tsx';
import { background } from '../../rpc.ts';
import { useWork } from '../../state.ts';
import { permissionSentence, term } from '../../words.ts';
import type { GroupProps } from './group.ts';
import { SiteKeystore } from './SiteKeystore.tsx';

export function Sites({ settings, onChanged }: GroupProps): JSX.Element {
  const work = useWork();
  return (
    <section class="group" id="settings-sites">
      <h2>Connected sites</h2>
      {settings.sites.length === 0 ? (
        <p class="small quiet">None. A site that wants to write in your name has to ask you first.</p>
      ) : (
        <ul class="stack">
          {settings.sites.map(({ origin, permissions, expiresAt }) => (
            <li key={origin} class="site">
              <div>
                <strong>{origin}</strong>
                <p class="small quiet">Sees your address {term(expiresAt)}.</p>
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
                Disconnect
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
