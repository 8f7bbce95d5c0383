import type { JSX } from 'preact';
import type { SiteCounts, SiteLedger } from '../../../rpc/views/sites.ts';
import { Person } from '../../parts/Person.tsx';
import { t } from '../../t.tsx';
import { dateOf, fullTime, longTime } from '../../time.ts';

/** What a site was handed and what it sent, in a line; day by day, and to whom, for who asks. */
export function SiteDeeds({ ledger }: { readonly ledger: SiteLedger | null }): JSX.Element {
  if (!ledger) return <p class="small quiet">{t('sites.nothingYet')}</p>;
  const { total, days, sends } = ledger;
  return (
    <details class="small deeds">
      <summary>{t('sites.lastOn', { deeds: sentence(total), time: longTime(ledger.lastAt) })}</summary>
      {sends.length > 0 && (
        <>
          <h4>{t('sites.sent')}</h4>
          <ul class="stack tight" aria-label={t('sites.sent')}>
            {sends.map(({ at, to, others }, index) => (
              <li key={index}>
                <time dateTime={new Date(at).toISOString()} title={fullTime(at)} class="quiet">
                  {longTime(at)}
                </time>{' '}
                {to.map((address, place) => (
                  <span key={address}>
                    {place > 0 && ', '}
                    <Person address={address} />
                  </span>
                ))}
                {others > 0 && ` ${t('sites.andOthers', { count: others })}`}
              </li>
            ))}
          </ul>
          {total.sent > sends.length && <p class="quiet">{t('sites.onlyLastKept', { count: sends.length })}</p>}
        </>
      )}
      <h4>{t('sites.dayByDay')}</h4>
      <ul class="stack tight" aria-label={t('sites.dayByDay')}>
        {days.map(({ date, ...counts }) => (
          <li key={date}>
            <time dateTime={date} class="quiet">
              {dateOf(date)}
            </time>{' '}
            {sentence(counts)}
          </li>
        ))}
      </ul>
    </details>
  );
}

/** What was handed over counts each time. */
const sentence = ({ messages, conversations, calls, sent }: SiteCounts): string =>
  [
    ...(messages > 0 ? [t('sites.readMessages', { count: messages })] : []),
    ...(conversations > 0 ? [t('sites.readConversations', { count: conversations })] : []),
    ...(sent > 0 ? [t('sites.sentMessages', { count: sent })] : []),
    ...(calls > 0 ? [t('sites.usedAccount', { count: calls })] : []),
  ].join(' ');
