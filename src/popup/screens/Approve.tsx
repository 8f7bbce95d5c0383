import { KeyRound, LockOpen, MessageSquare, UserRound } from 'lucide';
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { PermissionRequest, Prompt } from '../../rpc/views/sites.ts';
import { shortAddress } from '../address.ts';
import { FullAddress, ShortAddress } from '../parts/Address.tsx';
import { Avatar } from '../parts/Avatar.tsx';
import { Button } from '../parts/Button.tsx';
import { Field } from '../parts/Field.tsx';
import { Icon } from '../parts/Icon.tsx';
import { Failure, Notice } from '../parts/Notice.tsx';
import { Segments } from '../parts/Segments.tsx';
import { PageBones } from '../parts/Skeleton.tsx';
import { background } from '../rpc.ts';
import { saidInWords } from '../said.ts';
import { useAsked, useWork } from '../state.ts';
import { rich, t } from '../t.tsx';
import { visibleLine } from '../text.ts';
import { duration } from '../time.ts';
import { AskedPermissions, type Given } from './approve/AskedPermissions.tsx';

/** Sites' questions, one after another. The window goes when none is left. */
export function Approve({ account }: { readonly account: string }): JSX.Element {
  const { value: prompts, error, reload } = useAsked(() => background.call('prompts', {}), 'prompts', ['prompts', 'status']);
  const none = prompts?.length === 0;
  useEffect(() => {
    if (!none) return;
    // A moment's grace: a question that was just answered may make room for the next.
    const timer = setTimeout(() => window.close(), 200);
    return () => clearTimeout(timer);
  }, [none]);
  if (error && !prompts) return <Failure error={error} retry={reload} />;
  if (!prompts) return <PageBones />;
  const [prompt] = prompts;
  if (!prompt)
    return (
      <main class="empty middle-of-nothing">
        <p>{t('approve.noSiteIsAsking')}</p>
        <a href="#/">{t('approve.openTheInbox')}</a>
      </main>
    );
  return <Question key={prompt.id} prompt={prompt} account={account} onAnswered={reload} />;
}

const terms = () =>
  [
    { value: null, words: t('approve.untilYouCloseIt') },
    { value: 86_400, words: duration(86_400) },
    { value: 604_800, words: duration(604_800) },
  ] as const;

function Question({
  prompt,
  account,
  onAnswered,
}: {
  readonly prompt: Prompt;
  readonly account: string;
  readonly onAnswered: () => void;
}): JSX.Element {
  const { question } = prompt;
  const choices = termsFor(question);
  const [seconds, setSeconds] = useState<number | null>(choices[0]?.value ?? null);
  const [given, setGiven] = useState<Given>(question.kind === 'permissions' ? question.permissions.map(least) : []);
  const armed = useArmed(prompt.id);
  const work = useWork();
  const something = question.kind !== 'permissions' || given.some((each) => each !== null);
  const wholeAccount = given.some((each) => each?.kind === 'keystore');
  const [passphrase, setPassphrase] = useState('');
  const url = new URL(prompt.origin);
  const answer = (allow: boolean): Promise<void> =>
    work.run(async () => {
      const permissions = question.kind === 'permissions' ? { permissions: given } : {};
      const proof = allow && wholeAccount ? { passphrase } : {};
      await background.call('answerPrompt', {
        id: prompt.id,
        allow,
        expiresIn: allow ? seconds : null,
        ...(allow && permissions),
        ...proof,
      });
      setPassphrase('');
      onAnswered();
    });
  return (
    <div class="screen approve">
      <main class="scroll">
        <div class="page">
          <div class="stack tight">
            <p class="small quiet">{prompt.waiting > 0 ? t('approve.moreBehind', { count: prompt.waiting }) : t('approve.aSiteAsks')}</p>
            <h1 class="origin">{url.host}</h1>
            {prompt.decodedHost && (
              <Notice tone="caution">{rich('approve.itReadsInLetters', { host: <bdi>{prompt.decodedHost}</bdi> })}</Notice>
            )}
            {url.protocol === 'http:' && (
              <p class="badge">
                <Icon of={LockOpen} size={16} /> {t('approve.httpAPageOf')}
              </p>
            )}
            {prompt.title && (
              <p class="small quiet">{rich('approve.itCallsItself', { name: <bdi>{visibleLine(prompt.title.slice(0, 80))}</bdi> })}</p>
            )}
          </div>
          {question.kind === 'permissions' ? (
            <AskedPermissions asked={question} given={given} onGiven={setGiven} />
          ) : (
            <Asks question={question} />
          )}
          {question.kind === 'send' && question.said !== null && (
            <div class="stack tight">
              <h3>{t('approve.theMessageItSends')}</h3>
              {/* A long text scrolls, so the keyboard has to be able to reach it. */}
              {/* biome-ignore lint/a11y/noNoninteractiveTabindex: scrolling by keyboard */}
              <div class="quoted" dir="auto" tabIndex={0}>
                {saidInWords(question.said)}
              </div>
            </div>
          )}
          {question.kind !== 'unlock' && (
            <Segments legend={t('approve.forHowLong')} name="term" choices={choices} chosen={seconds} onChoose={setSeconds} />
          )}
          <p class="small quiet">
            {wholeAccount ? t('approve.itNeverGetsYour') : reads(question) ? t('approve.itCanNeverSee') : t('approve.itCanNeverSeeYour')}
          </p>
          <div class="account">
            <Avatar address={account} size={28} />
            <span class="small">{rich('approve.withYourAccount', { address: <ShortAddress address={account} /> })}</span>
          </div>
          {wholeAccount && (
            <Field
              label={t('common.passphrase')}
              type="password"
              value={passphrase}
              onValue={setPassphrase}
              hint={t('approve.theWholeAccountIs')}
            />
          )}
          {work.error && <Notice tone="danger">{work.error}</Notice>}
        </div>
      </main>
      <div class="answers">
        <Button disabled={work.busy} onClick={() => void answer(false)}>
          {t('approve.refuse')}
        </Button>
        <Button
          kind="primary"
          disabled={!armed || work.busy || !something || (wholeAccount && passphrase === '')}
          onClick={(event) => {
            // A click that no person made, or made on something else a moment ago, is no yes.
            if (event.isTrusted && armed) void answer(true);
          }}
        >
          {t('approve.allow')}
        </Button>
      </div>
    </div>
  );
}

/** As long as was asked for, where that was said, and whatever is shorter. */
function termsFor(question: Prompt['question']): readonly { readonly value: number | null; readonly words: string }[] {
  const asked = question.kind === 'permissions' ? question.permissions.flatMap(({ expiresIn = [] }) => expiresIn) : [];
  // For the keystore alone nothing is offered that would not hold.
  const alone = question.kind === 'permissions' && question.permissions.every(({ kind }) => kind === 'keystore');
  const most = alone ? 86_400 : Number.POSITIVE_INFINITY;
  if (asked.length === 0) return terms().filter(({ value }) => value === null || value <= most);
  const longest = Math.min(most, Math.max(...asked));
  const shorter = terms().filter(({ value }) => value === null || value < longest);
  return [{ value: longest, words: duration(longest) }, ...shorter];
}

/** What is allowed unless the user widens it: the messages from now on, also where all were asked for. */
const least = (permission: PermissionRequest): PermissionRequest =>
  permission.since === 'all' ? { ...permission, since: 'now' } : permission;

const reads = (question: Prompt['question']): boolean =>
  question.kind === 'permissions' && question.permissions.some(({ kind }) => kind === 'read');

function Asks({ question }: { readonly question: Exclude<Prompt['question'], { kind: 'permissions' }> }): JSX.Element {
  const seesAddress = (
    <li>
      <Icon of={UserRound} />
      <div>{t('common.seeTheAddressOf')}</div>
    </li>
  );
  if (question.kind === 'unlock')
    return (
      <ul class="asks">
        <li>
          <Icon of={KeyRound} />
          <div>{t('approve.goOnWithWhat')}</div>
        </li>
      </ul>
    );
  if (question.kind === 'connect')
    return (
      <div class="stack">
        <h2>{t('approve.connectToParleyQuestion')}</h2>
        <ul class="asks">
          {seesAddress}
          <li>
            <Icon of={MessageSquare} />
            <div>{t('approve.askWhetherOtherAddresses')}</div>
          </li>
        </ul>
      </div>
    );
  const { peers, connects } = question;
  return (
    <div class="stack">
      <h2>{t('approve.letItWriteIn')}</h2>
      <ul class="asks">
        {connects && seesAddress}
        <li>
          <Icon of={MessageSquare} />
          <div>
            {t('approve.writeTo', { count: peers.length })}
            {peers.map((peer) => (
              <FullAddress key={peer} address={peer} />
            ))}
          </div>
        </li>
      </ul>
      <p class="hidden">{peers.map(shortAddress).join(', ')}</p>
    </div>
  );
}

const armAfterMs = 700;

/**
 * Whether "Allow" may be pressed: only after the question was visible and its window in front for 700 ms on end. Every blur, move, resize and new question
 * begins anew, so that nobody can be made to click on what was not there when the finger came down.
 */
function useArmed(question: string): boolean {
  const [armed, setArmed] = useState(false);
  const since = useRef(performance.now());
  useEffect(() => {
    let place = '';
    const disarm = (): void => {
      since.current = performance.now();
      setArmed(false);
    };
    const look = (): void => {
      const here = [screenX, screenY, innerWidth, innerHeight].join();
      const steady = here === place && document.visibilityState === 'visible' && document.hasFocus();
      place = here;
      if (!steady) disarm();
      else if (performance.now() - since.current >= armAfterMs) setArmed(true);
    };
    disarm();
    look();
    const timer = setInterval(look, 50);
    const events = ['blur', 'resize'] as const;
    for (const event of events) addEventListener(event, disarm);
    document.addEventListener('visibilitychange', disarm);
    return () => {
      clearInterval(timer);
      for (const event of events) removeEventListener(event, disarm);
      document.removeEventListener('visibilitychange', disarm);
    };
  }, [question]);
  return armed;
}
