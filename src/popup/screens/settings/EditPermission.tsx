import type { JSX } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Address } from '../../../rpc/views/account.ts';
import type { NamedConversation, Permission } from '../../../rpc/views/sites.ts';
import { Button } from '../../parts/Button.tsx';
import { Notice } from '../../parts/Notice.tsx';
import { Person } from '../../parts/Person.tsx';
import { Segments } from '../../parts/Segments.tsx';
import { background } from '../../rpc.ts';
import { useAsked, useWork } from '../../state.ts';
import { t } from '../../t.tsx';
import { visibleLine } from '../../text.ts';
import { duration } from '../../time.ts';

interface EditProps {
  readonly origin: string;
  readonly permission: Permission;
  readonly conversations: readonly NamedConversation[];
  /** `changed`: something was taken back. */
  readonly onDone: (changed: boolean) => void;
}

const plainText = 'xmtp.org/text:1.0';
/** Ends that can be chosen, in seconds from now. */
const ends = [3_600, 86_400];

/** Makes less of a permission: whom, where, of which kinds, from when and how long. Nothing here makes more of it. */
export function EditPermission({ origin, permission, conversations, onDone }: EditProps): JSX.Element {
  const { kind, peers, conversations: places, contentTypes, since, expiresAt } = permission;
  const [whom, setWhom] = useState<readonly Address[] | '*'>(peers);
  const [where, setWhere] = useState(places);
  const [kinds, setKinds] = useState(contentTypes);
  const [from, setFrom] = useState(since);
  const [end, setEnd] = useState<number | null>(null);
  const work = useWork();
  const form = useRef<HTMLFormElement>(null);
  useLayoutEffect(() => form.current?.querySelector<HTMLElement>('input, button')?.focus(), []);
  const choices = ends.filter((seconds) => expiresAt !== null && Date.now() + seconds * 1000 < expiresAt);
  const empty = whom.length === 0 || where?.length === 0 || kinds?.length === 0;
  const same = whom === peers && where === places && kinds === contentTypes && from === since && end === null;
  const amend = (kept: Parameters<typeof background.call<'amendSite'>>[1]['kept']): Promise<void> =>
    work.run(async () => {
      await background.call('amendSite', { origin, permission, kept });
      onDone(true);
    });
  return (
    <form
      ref={form}
      class="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (empty || same) return;
        void amend({
          peers: whom,
          ...(where && { conversations: where }),
          ...(kinds && { contentTypes: kinds }),
          ...(from && { since: from }),
          expiresAt: end === null ? expiresAt : Date.now() + end * 1000,
        });
      }}
    >
      {kind !== 'keystore' && !places && (peers === '*' ? <Anybody whom={whom} onWhom={setWhom} /> : null)}
      {!places && peers !== '*' && (
        <Kept
          legend={t('sites.with')}
          all={peers}
          kept={whom === '*' ? peers : whom}
          onKept={setWhom}
          show={(peer) => <Person address={peer} />}
        />
      )}
      {places && (
        <Kept
          legend={t('common.conversations')}
          all={places}
          kept={where ?? []}
          onKept={setWhere}
          show={(name) => <Named name={name} conversations={conversations} />}
        />
      )}
      {contentTypes && (
        <Kept legend={t('sites.kinds')} all={contentTypes} kept={kinds ?? []} onKept={setKinds} show={(type) => visibleLine(type)} />
      )}
      {kind !== 'keystore' && !contentTypes && (
        <Segments
          legend={t('sites.kinds')}
          name={`kinds ${origin} ${kind}`}
          choices={[
            { value: false, words: t('sites.allKinds') },
            { value: true, words: t('sites.plainText') },
          ]}
          chosen={kinds !== undefined}
          onChoose={(text) => setKinds(text ? [plainText] : undefined)}
        />
      )}
      {since === 'all' && (
        <Segments
          legend={t('sites.whichMessages')}
          name={`since ${origin}`}
          choices={[
            { value: 'now', words: t('sites.sinceAllowed') },
            { value: 'all', words: t('sites.allThereAre') },
          ]}
          chosen={from}
          onChoose={(value) => setFrom(value as 'now' | 'all')}
        />
      )}
      {choices.length > 0 && (
        <Segments
          legend={t('sites.ends')}
          name={`end ${origin} ${kind}`}
          choices={[
            { value: null, words: t('sites.asBefore') },
            ...choices.map((value) => ({ value, words: t('sites.inTime', { time: duration(value) }) })),
          ]}
          chosen={end}
          onChoose={setEnd}
        />
      )}
      {work.error && <Notice tone="danger">{work.error}</Notice>}
      <div class="side">
        <Button kind="plain" onClick={() => onDone(false)}>
          {t('common.cancel')}
        </Button>
        <Button kind="primary" type="submit" disabled={empty || same || work.busy}>
          {t('common.save')}
        </Button>
      </div>
      <div class="side">
        <Button disabled={work.busy} onClick={() => void amend(null)}>
          {t('sites.takeItBack')}
        </Button>
      </div>
    </form>
  );
}

/** From everybody to a few of those one talks with. */
function Anybody({
  whom,
  onWhom,
}: {
  readonly whom: readonly Address[] | '*';
  readonly onWhom: (whom: readonly Address[] | '*') => void;
}): JSX.Element {
  const { value, error } = useAsked(() => background.call('listConversations', { limit: 200, shelf: 'inbox' }), 'people', []);
  const people = [...new Set(value?.rows.flatMap(({ peer, group }) => (group ? [] : [peer])) ?? [])];
  return (
    <>
      <Segments
        legend={t('sites.with')}
        name="whom"
        choices={[
          { value: true, words: t('sites.anybody') },
          { value: false, words: t('sites.onlySome') },
        ]}
        chosen={whom === '*'}
        onChoose={(everybody) => onWhom(everybody ? '*' : [])}
      />
      {error && <Notice tone="danger">{error}</Notice>}
      {whom !== '*' &&
        value &&
        (people.length === 0 ? (
          <p class="small quiet">{t('sites.nobodyInInbox')}</p>
        ) : (
          <Kept legend={t('sites.onlyWith')} all={people} kept={whom} onKept={onWhom} show={(peer) => <Person address={peer} />} />
        ))}
    </>
  );
}

interface KeptProps<T> {
  readonly legend: string;
  readonly all: readonly T[];
  readonly kept: readonly T[];
  readonly onKept: (kept: readonly T[]) => void;
  readonly show: (one: T) => JSX.Element | string;
}

/** A list of which some are kept. */
function Kept<T extends string>({ legend, all, kept, onKept, show }: KeptProps<T>): JSX.Element {
  return (
    <fieldset class="kept">
      <legend>{legend}</legend>
      {all.map((one) => (
        <label key={one} class="choice">
          <input
            type="checkbox"
            checked={kept.includes(one)}
            onChange={({ currentTarget: { checked } }) => onKept(all.filter((each) => (each === one ? checked : kept.includes(each))))}
          />
          <span>{show(one)}</span>
        </label>
      ))}
    </fieldset>
  );
}

function Named({ name, conversations }: { readonly name: string; readonly conversations: readonly NamedConversation[] }): JSX.Element {
  const found = conversations.find((each) => each.name === name);
  if (!found) return <span>{t('sites.goneConversation')}</span>;
  if (found.title) return <bdi>{visibleLine(found.title)}</bdi>;
  return (
    <>
      {found.peers.map((peer, index) => (
        <span key={peer}>
          {index > 0 && ', '}
          <Person address={peer} />
        </span>
      ))}
    </>
  );
}
