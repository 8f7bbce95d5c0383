import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Status } from '../../rpc/views/account.ts';
import type { Founding } from '../../rpc/views/founding.ts';
import { browser } from '../browser.ts';
import { Segments } from '../parts/Segments.tsx';
import { PageBones } from '../parts/Skeleton.tsx';
import { go } from '../router.ts';
import { background } from '../rpc.ts';
import { useWork } from '../state.ts';
import { t } from '../t.tsx';
import { closePage } from '../wallets/page-wallet.ts';
import { WritePhrase } from './WritePhrase.tsx';
import { AirAddress } from './welcome/AirAddress.tsx';
import { PageWallet, type Reached } from './welcome/PageWallet.tsx';
import { Passphrase } from './welcome/Passphrase.tsx';
import { KeyEntry, KeysEntry, PhraseEntry } from './welcome/Secrets.tsx';
import { hostOf, Start } from './welcome/Start.tsx';
import { Steps } from './welcome/Steps.tsx';
import { type WayIn, Ways } from './welcome/Ways.tsx';

type Place = 'start' | 'ways' | WayIn;

interface WelcomeProps {
  /** The node that the address of this page names. */
  readonly preset: string | null;
  /** The tab from which the toolbar's button was pressed. */
  readonly tab: number | null;
  /** Whether there is an account already, and this is to be one more. */
  readonly adding: boolean;
  readonly status: Status;
  readonly onStatus: (status: Status) => void;
  /** Whether an account was made whose last step is still to be taken. */
  readonly onFounding: (founding: boolean) => void;
}

const inToolbar = (): boolean => document.documentElement.dataset['view'] === 'toolbar';

/** From nothing to an account, or to one more. Each step asks one thing; what was reached is kept by the background, so that a page may close. */
export function Welcome({ preset, tab, adding, status, onStatus, onFounding }: WelcomeProps): JSX.Element {
  const [place, setPlace] = useState<Place>(adding ? 'ways' : 'start');
  const [node, setNode] = useState(preset ?? status.node.url);
  const [founding, setFounding] = useState<Founding | null | undefined>(undefined);
  const [reached, setReached] = useState<Reached | null>(null);
  const [words, setWords] = useState<12 | 24>(12);
  const [phrase, setPhrase] = useState<string | null>(null);
  const host = useHost(tab);
  const work = useWork();

  useEffect(() => {
    background.call('founding', {}).then(
      (found) => setFounding(found?.way === 'new' ? null : found),
      () => setFounding(null),
    );
  }, []);
  // A popup closes with the first look elsewhere: what takes more than a step needs a tab.
  const enter = (next: Place): void => {
    if (inToolbar()) void openTab(adding, preset);
    else setPlace(next);
  };
  const leave = (): void => {
    if (adding) go('#/');
    else setPlace('start');
  };
  const drop = (): void => {
    void background.call('dropFounding', {}).catch(() => undefined);
    if (reached) void closePage(reached.page);
    setReached(null);
    setFounding(null);
    setPlace('ways');
  };
  const done = (next: Status | null): void => {
    onFounding(false);
    if (next) onStatus(next);
    go('#/');
  };
  const finish = (passphrase: string): Promise<void> =>
    work.run(async () => {
      onFounding(true);
      try {
        const isNew = place === 'new';
        if (isNew) await background.call('beginNew', { words, ...(!adding && { node }) });
        const next = await background.call('finishFounding', { passphrase });
        if (reached) void closePage(reached.page);
        onStatus(next);
        const shown = isNew ? (await background.call('revealPhrase', { passphrase })).phrase : null;
        if (shown === null) done(next);
        else setPhrase(shown);
      } catch (error) {
        onFounding(false);
        throw error;
      }
    });

  if (founding === undefined) return <PageBones />;
  if (phrase !== null) return <WritePhrase phrase={phrase} step={[2, 2]} onDone={done} />;
  if (founding !== null)
    return (
      <Steps
        founding={founding}
        reached={reached}
        node={node}
        adding={adding}
        work={work}
        onNode={setNode}
        onFounding={setFounding}
        onReached={setReached}
        onPassphrase={(passphrase) => void finish(passphrase)}
        onBack={drop}
      />
    );
  const back = (): void => {
    work.clear();
    setPlace(place === 'new' && !adding ? 'start' : 'ways');
  };
  switch (place) {
    case 'start':
      return (
        <Start
          node={node}
          preset={preset !== null}
          lost={status.lostAccounts}
          damaged={status.keysDamaged}
          onNode={setNode}
          onNew={() => enter('new')}
          onExisting={() => enter('ways')}
        />
      );
    case 'ways':
      return <Ways adding={adding} tab={host} onWay={enter} onBack={leave} />;
    case 'new':
      return (
        <Passphrase
          step={[1, 2]}
          known={adding}
          busy={work.busy}
          error={work.error}
          doing={t('welcome.makingYourKeysBegin')}
          onPassphrase={(passphrase) => void finish(passphrase)}
          onBack={back}
        >
          <Segments
            legend={t('common.recoveryPhrase')}
            name="words"
            choices={[
              { value: 12, words: t('welcome.words', { count: 12 }) },
              { value: 24, words: t('welcome.words', { count: 24 }) },
            ]}
            chosen={words}
            onChoose={setWords}
          />
        </Passphrase>
      );
    case 'phrase':
      return <PhraseEntry node={adding ? null : node} onFounding={setFounding} onBack={back} />;
    case 'key':
      return <KeyEntry onFounding={setFounding} onBack={back} />;
    case 'keys':
      return <KeysEntry onFounding={setFounding} onBack={back} />;
    case 'air':
      return <AirAddress onFounding={setFounding} onBack={back} />;
    case 'page':
    case 'tab':
      return (
        <PageWallet
          key={place}
          tab={place === 'tab' ? tab : null}
          node={node}
          address={null}
          onReached={(found, next) => {
            setReached(found);
            if (next) setFounding(next);
          }}
          onBack={back}
        />
      );
  }
}

/** The host of a tab's page; null when it has none that we may know. */
function useHost(tab: number | null): string | null {
  const [host, setHost] = useState<string | null>(null);
  useEffect(() => {
    if (tab === null) return;
    browser.tabs.get(tab).then(
      ({ url }) => setHost(/^https?:/.test(url ?? '') ? hostOf(url ?? '') : null),
      () => setHost(null),
    );
  }, [tab]);
  return host;
}

/** Goes on in a tab of its own, which remembers the one that the button was pressed in. */
async function openTab(adding: boolean, preset: string | null): Promise<void> {
  const [current] = await browser.tabs.query({ active: true, currentWindow: true });
  const query = new URLSearchParams({
    ...(current?.id !== undefined && { tab: String(current.id) }),
    ...(preset !== null && { node: preset }),
  });
  await browser.tabs.create({ url: browser.runtime.getURL(`popup.html#/${adding ? 'add' : 'welcome'}?${query}`) });
  close();
}
