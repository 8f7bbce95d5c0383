import { Check, LifeBuoy, Plus, Scale } from 'lucide';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { NodeFinding, NodeTest } from '../../../rpc/views/settings.ts';
import { useNameOf } from '../../names.ts';
import { Button } from '../../parts/Button.tsx';
import { Field } from '../../parts/Field.tsx';
import { Icon } from '../../parts/Icon.tsx';
import { Notice } from '../../parts/Notice.tsx';
import { background } from '../../rpc.ts';
import { useWork } from '../../state.ts';
import { t } from '../../t.tsx';
import { fullTime } from '../../time.ts';
import { inRow, listed } from '../../words.ts';
import type { GroupProps } from './group.ts';
import { testWords } from './node-test.ts';

/** The nodes that are kept, one of them in use. */
export function Nodes({ settings, onChanged }: GroupProps): JSX.Element {
  return (
    <section class="group" id="settings-node">
      <h2>{t('common.node')}</h2>
      <p class="small quiet">{t('nodes.theServerThatCarries')}</p>
      <ul class="stack nodes">
        {settings.nodes.map((url) => (
          <NodeRow
            key={url}
            url={url}
            chosen={url === settings.nodeUrl}
            standby={settings.standby.includes(url)}
            finding={settings.comparison?.nodes.find((each) => each.url === url) ?? null}
            onChanged={onChanged}
          />
        ))}
      </ul>
      {settings.standby.length > 0 && <Together settings={settings} onChanged={onChanged} />}
      <AddNode onChanged={onChanged} />
    </section>
  );
}

interface NodeRowProps {
  readonly url: string;
  readonly chosen: boolean;
  /** Whether it may step in for the chosen one. */
  readonly standby: boolean;
  readonly finding: NodeFinding | null;
  readonly onChanged: () => void;
}

function NodeRow({ url, chosen, standby, finding, onChanged }: NodeRowProps): JSX.Element {
  const [result, setResult] = useState<NodeTest | null>(null);
  const [asking, setAsking] = useState<'use' | 'standby' | null>(null);
  const work = useWork();
  const test = (): Promise<void> =>
    work.run(async () => {
      setResult(null);
      setResult(await background.call('testNode', { url }));
    });
  const remove = (): Promise<void> =>
    work.run(async () => {
      await background.call('removeNode', { url });
      onChanged();
    });
  const release = (): Promise<void> =>
    work.run(async () => {
      await background.call('setStandby', { url, on: false });
      onChanged();
    });
  const name = url.replace(/^https?:\/\//, '');
  return (
    <li class="node">
      <p class="node-name">
        <span class="mono">{url}</span>
        {(chosen || standby) && (
          <span class="in-use">
            <Icon of={chosen ? Check : LifeBuoy} size={16} />
            {chosen ? t('nodes.chosen') : t('nodes.standsBy')}
          </span>
        )}
      </p>
      {finding && <Finding finding={finding} chosen={chosen} />}
      {result && <TestResult result={result} />}
      {work.error && <Notice tone="danger">{work.error}</Notice>}
      {asking ? (
        <Permit url={url} as={asking} onDone={() => setAsking(null)} onChanged={onChanged} />
      ) : (
        <div class="side">
          <Button label={t('nodes.testNamed', { name })} onClick={() => void test()} disabled={work.busy}>
            {t('nodes.test')}
          </Button>
          {!chosen && (
            <>
              <Button label={t('nodes.useNamed', { name })} onClick={() => setAsking('use')} disabled={work.busy}>
                {t('nodes.useBegin')}
              </Button>
              {standby ? (
                <Button label={t('nodes.doNotStandBy', { name })} onClick={() => void release()} disabled={work.busy}>
                  {t('nodes.doNotStandBy2')}
                </Button>
              ) : (
                <Button label={t('nodes.standByNamed', { name })} onClick={() => setAsking('standby')} disabled={work.busy}>
                  {t('nodes.standBy')}
                </Button>
              )}
              <Button label={t('common.removeNamed', { name })} kind="plain" onClick={() => void remove()} disabled={work.busy}>
                {t('common.remove')}
              </Button>
            </>
          )}
        </div>
      )}
    </li>
  );
}

const permits = {
  use: {
    hint: 'nodes.useHint',
    button: 'nodes.useThis',
  },
  standby: {
    hint: 'nodes.standbyHint',
    button: 'nodes.letStandBy',
  },
} as const;

/** What another node sees takes the passphrase. */
function Permit({
  url,
  as,
  onDone,
  onChanged,
}: {
  readonly url: string;
  readonly as: keyof typeof permits;
  readonly onDone: () => void;
  readonly onChanged: () => void;
}): JSX.Element {
  const [passphrase, setPassphrase] = useState('');
  const work = useWork();
  const use = (): Promise<void> =>
    work.run(async () => {
      await (as === 'use' ? background.call('setNode', { url, passphrase }) : background.call('setStandby', { url, on: true, passphrase }));
      setPassphrase('');
      onDone();
      onChanged();
    });
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (passphrase !== '') void use();
      }}
    >
      <Field
        label={t('common.passphrase')}
        type="password"
        value={passphrase}
        onValue={setPassphrase}
        autoFocus
        hint={t(permits[as].hint)}
      />
      {work.error && <Notice tone="danger">{work.error}</Notice>}
      <div class="side">
        <Button onClick={onDone}>{t('common.cancel')}</Button>
        <Button kind="primary" type="submit" disabled={passphrase === '' || work.busy}>
          {t(permits[as].button)}
        </Button>
      </div>
    </form>
  );
}

/** What several nodes are good for besides stepping in. */
function Together({ settings, onChanged }: GroupProps): JSX.Element {
  const work = useWork();
  const { comparison, publishToTwo } = settings;
  return (
    <div class="stack">
      <label class="check">
        <input
          type="checkbox"
          checked={publishToTwo}
          disabled={work.busy}
          onChange={(event) => {
            const on = event.currentTarget.checked;
            void work.run(async () => {
              await background.call('setPublishToTwo', { on });
              onChanged();
            });
          }}
        />
        <span>
          {t('nodes.sendToTwo')}
          <span class="small quiet"> {t('nodes.sendToTwoMeans')}</span>
        </span>
      </label>
      {work.error && <Notice tone="danger">{work.error}</Notice>}
      <div class="side">
        <Button
          icon={Scale}
          disabled={work.busy}
          onClick={() =>
            void work.run(async () => {
              await background.call('compareNodes', {});
              onChanged();
            })
          }
        >
          {work.busy ? t('nodes.comparingBegin') : t('nodes.compareTheNodes')}
        </Button>
      </div>
      <p class="small quiet">
        {comparison ? t('nodes.comparedParleyDoesIt', { time: fullTime(comparison.at) }) : t('nodes.parleyLaysBesideEach')}
      </p>
    </div>
  );
}

function Finding({ finding, chosen }: { readonly finding: NodeFinding; readonly chosen: boolean }): JSX.Element {
  const { answered, looked, missing, foreign, olderKeys } = finding;
  const nameOf = useNameOf();
  if (!answered) return <Notice tone="caution">{t('nodes.itDidNotAnswer')}</Notice>;
  const doubts = [
    missing > 0 && t('nodes.missing', { count: missing }),
    olderKeys.length > 0 && t('nodes.olderKeys', { names: listed(olderKeys.map(nameOf)) }),
  ].filter((words) => words !== false);
  if (chosen && doubts.length > 0) doubts.push(t('nodes.useAnother'));
  return (
    <Notice tone={doubts.length > 0 ? 'caution' : 'plain'}>
      {doubts.length > 0 ? doubts.join(' ') : t('nodes.agrees', { count: looked })}
      {foreign > 0 && <div class="quiet">{t('nodes.foreign', { count: foreign })}</div>}
    </Notice>
  );
}

function AddNode({ onChanged }: { readonly onChanged: () => void }): JSX.Element {
  const [url, setUrl] = useState('');
  const work = useWork();
  const add = (): Promise<void> =>
    work.run(async () => {
      await background.call('addNode', { url: url.trim() });
      setUrl('');
      onChanged();
    });
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (url.trim() !== '') void add();
      }}
    >
      <Field label={t('nodes.anotherNodesAddress')} type="url" value={url} onValue={setUrl} mono placeholder="https://" />
      {work.error && <Notice tone="danger">{work.error}</Notice>}
      <div class="side">
        <Button icon={Plus} type="submit" disabled={work.busy || url.trim() === ''}>
          {t('nodes.keepThisAddress')}
        </Button>
      </div>
    </form>
  );
}

function TestResult({ result }: { readonly result: NodeTest }): JSX.Element {
  const { version, roundTrip, clockSkew } = result;
  const facts = [
    version && t('nodes.version', { version }),
    roundTrip !== null && t('nodes.roundTrip', { milliseconds: roundTrip }),
    clockSkew !== null && skewWords(clockSkew),
  ].filter((fact) => typeof fact === 'string' && fact !== '');
  return (
    <Notice tone={result.ok ? 'plain' : 'caution'}>
      {testWords(result)}
      {facts.length > 0 && <div class="quiet">{inRow(facts as string[])}.</div>}
    </Notice>
  );
}

/** `skewMs`: the node's clock minus ours. The node tells its time by the second. */
const skewWords = (skewMs: number): string => {
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  if (seconds < 2) return t('nodes.clockAgrees');
  return t(skewMs > 0 ? 'nodes.clockAhead' : 'nodes.clockBehind', { seconds });
};
