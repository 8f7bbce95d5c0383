import { BookOpen, KeyRound, MessageSquare, UserRound } from 'lucide';
import type { JSX } from 'preact';
import type { PermissionRequest, Prompt } from '../../../rpc/views/sites.ts';
import { FullAddress } from '../../parts/Address.tsx';
import { Icon } from '../../parts/Icon.tsx';
import { Notice } from '../../parts/Notice.tsx';
import { Segments } from '../../parts/Segments.tsx';
import { t } from '../../t.tsx';
import { visibleLine } from '../../text.ts';
import { inRow } from '../../words.ts';

const icons = { send: MessageSquare, read: BookOpen, keystore: KeyRound };

type Asked = Extract<Prompt['question'], { kind: 'permissions' }>;
/** What is left of each, in its place. */
export type Given = readonly (PermissionRequest | null)[];

/** What a site asks for, each as a sentence that can be narrowed or left out. */
export function AskedPermissions({
  asked,
  given,
  onGiven,
}: {
  readonly asked: Asked;
  readonly given: Given;
  readonly onGiven: (given: Given) => void;
}): JSX.Element {
  const change = (index: number, permission: PermissionRequest | null): void =>
    onGiven(given.map((each, place) => (place === index ? permission : each)));
  return (
    <div class="stack">
      <h2>{t('askedPermissions.allowThisQuestion')}</h2>
      <ul class="asks">
        {asked.connects && (
          <li>
            <Icon of={UserRound} />
            <div>{t('common.seeTheAddressOf')}</div>
          </li>
        )}
        {asked.permissions.map((permission, index) => (
          <li key={index}>
            <Icon of={icons[permission.kind]} />
            <div class="stack tight">
              <Choice
                checked={given[index] !== null}
                only={asked.permissions.length === 1}
                onChange={(yes) => change(index, yes ? permission : null)}
              >
                {sentence(permission)}
              </Choice>
              {given[index] && (
                <Scope asked={asked} permission={permission} given={given[index]} onChange={(next) => change(index, next)} />
              )}
            </div>
          </li>
        ))}
      </ul>
    </div>
  );
}

interface ScopeProps {
  readonly asked: Asked;
  readonly permission: PermissionRequest;
  readonly given: PermissionRequest;
  readonly onChange: (given: PermissionRequest | null) => void;
}

/** Whom, where, of which kinds and from when; everything that can be made less can be made less here. */
function Scope({ asked, permission, given, onChange }: ScopeProps): JSX.Element {
  const { kind, peers, conversations, contentTypes } = permission;
  if (kind === 'keystore') return <WholeAccount />;
  const narrowed = <T,>(all: readonly T[], kept: readonly T[], each: T, yes: boolean): T[] =>
    all.filter((one) => (one === each ? yes : kept.includes(one)));
  return (
    <>
      {conversations && (
        <ul class="stack tight" aria-label={t('common.conversations')}>
          {conversations.map((name) => {
            const kept = given.conversations ?? [];
            return (
              <li key={name}>
                <Choice
                  checked={kept.includes(name)}
                  only={conversations.length === 1}
                  onChange={(yes) => {
                    const left = narrowed(conversations, kept, name, yes);
                    onChange(left.length > 0 ? { ...given, conversations: left } : null);
                  }}
                >
                  <Named asked={asked} name={name} />
                </Choice>
              </li>
            );
          })}
        </ul>
      )}
      {!conversations && peers !== '*' && (
        <ul class="stack tight" aria-label={t('askedPermissions.addresses')}>
          {peers.map((peer) => {
            const kept = given.peers === '*' ? peers : given.peers;
            return (
              <li key={peer}>
                <Choice
                  checked={kept.includes(peer)}
                  only={peers.length === 1}
                  onChange={(yes) => {
                    const left = narrowed(peers, kept, peer, yes);
                    onChange(left.length > 0 ? { ...given, peers: left } : null);
                  }}
                >
                  <FullAddress address={peer} />
                </Choice>
              </li>
            );
          })}
        </ul>
      )}
      {contentTypes && <p class="small quiet">{t('sites.onlyOfKinds', { kinds: inRow(contentTypes.map(visibleLine)) })}</p>}
      {permission.kind === 'read' &&
        (permission.since === 'all' ? (
          <Segments
            legend={t('sites.whichMessages')}
            name={`since-${asked.permissions.indexOf(permission)}`}
            choices={[
              { value: 'now', words: t('askedPermissions.fromNowOn') },
              { value: 'all', words: t('sites.allThereAre') },
            ]}
            chosen={given.since ?? 'now'}
            onChoose={(since) => onChange({ ...given, since: since as 'now' | 'all' })}
          />
        ) : (
          <p class="small quiet">{t('askedPermissions.fromNowOnWhat')}</p>
        ))}
    </>
  );
}

function WholeAccount(): JSX.Element {
  return <Notice tone="danger">{t('askedPermissions.itCanReadEvery')}</Notice>;
}

function Named({ asked, name }: { readonly asked: Asked; readonly name: string }): JSX.Element {
  const found = asked.conversations.find((each) => each.name === name);
  if (found?.title) return <bdi>{visibleLine(found.title)}</bdi>;
  return (
    <>
      {found?.peers.map((peer) => (
        <FullAddress key={peer} address={peer} />
      ))}
    </>
  );
}

interface ChoiceProps {
  readonly checked: boolean;
  /** There is nothing to choose from: then "Refuse" is the way to leave it out. */
  readonly only: boolean;
  readonly onChange: (yes: boolean) => void;
  readonly children: JSX.Element | string;
}

function Choice({ checked, only, onChange, children }: ChoiceProps): JSX.Element {
  if (only) return <div>{children}</div>;
  return (
    <label class="choice">
      <input type="checkbox" checked={checked} onChange={(event) => onChange(event.currentTarget.checked)} />
      <span>{children}</span>
    </label>
  );
}

function sentence({ kind, peers, conversations }: PermissionRequest): string {
  if (kind === 'keystore') return t('askedPermissions.useYourWholeAccount');
  const count = (conversations ?? (peers === '*' ? [] : peers)).length;
  if (kind === 'send') {
    if (conversations) return t('askedPermissions.writeIn', { count });
    return peers === '*' ? t('askedPermissions.writeToAnybody') : t('askedPermissions.writeTo', { count });
  }
  if (conversations) return t('askedPermissions.readIn', { count });
  return peers === '*' ? t('askedPermissions.readAllYourConversations') : t('askedPermissions.readWith', { count });
}
