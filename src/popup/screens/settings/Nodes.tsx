import { Check, LifeBuoy, Plus, Scale } from 'lucide';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { NodeFinding, NodeTest } from '../../../rpc/views.ts';
import { useNameOf } from '../../names.ts';
import { Button } from '../../parts/Button.tsx';
import { Field } from '../../parts/Field.tsx';
import { Icon } from '../../parts/Icon.tsx';
import { Notice } from '../../parts/Notice.tsx';
import { background } from '../../rpc.ts';
import { useWork } from '../../state.ts';
import { fullTime } from '../../time.ts';
import { counted, listed } from '../../words.ts';
import type { GroupProps } from './group.ts';

/** The nodes that are kept, one of them in use. */
export function Nodes({ settings, onChanged }: GroupProps): JSX.Element {
  return (
    <section class="group" id="settings-node">
      <h2>Node</h2>
      <p class="small quiet">
        The server that carries your sealed messages. You and those you write to need the same one. It sees when you write and to whom,
        never what.
      </p>
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
            {chosen ? 'Chosen' : 'Stands by'}
          </span>
        )}
      </p>
      {finding && <Finding finding={finding} />}
      {result && <TestResult result={result} />}
      {work.error && <Notice tone="danger">{work.error}</Notice>}
      {asking ? (
        <Permit url={url} as={asking} onDone={() => setAsking(null)} onChanged={onChanged} />
      ) : (
        <div class="side">
          <Button label={`Test ${name}`} onClick={() => void test()} disabled={work.busy}>
            Test
          </Button>
          {!chosen && (
            <>
              <Button label={`Use ${name}`} onClick={() => setAsking('use')} disabled={work.busy}>
                Use…
              </Button>
              {standby ? (
                <Button label={`Do not stand by: ${name}`} onClick={() => void release()} disabled={work.busy}>
                  Do not stand by
                </Button>
              ) : (
                <Button label={`Stand by: ${name}`} onClick={() => setAsking('standby')} disabled={work.busy}>
                  Stand by
                </Button>
              )}
              <Button label={`Remove ${name}`} kind="plain" onClick={() => void remove()} disabled={work.busy}>
                Remove
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
    hint: 'Another node sees when you write and to whom, so changing it takes your passphrase. Your conversations are read anew from there.',
    button: 'Use this node',
  },
  standby: {
    hint: 'When the chosen node does not answer, this one carries your messages. It then sees when you write and to whom, so it takes your passphrase.',
    button: 'Let it stand by',
  },
};

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
      <Field label="Passphrase" type="password" value={passphrase} onValue={setPassphrase} autoFocus hint={permits[as].hint} />
      {work.error && <Notice tone="danger">{work.error}</Notice>}
      <div class="side">
        <Button onClick={onDone}>Cancel</Button>
        <Button kind="primary" type="submit" disabled={passphrase === '' || work.busy}>
          {permits[as].button}
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
          Send to two nodes
          <span class="small quiet"> A second one gets a copy of what you send, so that one of them may lose it.</span>
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
          {work.busy ? 'Comparing…' : 'Compare the nodes'}
        </Button>
      </div>
      <p class="small quiet">
        {comparison
          ? `Compared ${fullTime(comparison.at)}. Parley does it by itself every six hours, and takes in what only one of them has.`
          : 'Parley lays beside each other what they have of your conversations, every six hours or now.'}
      </p>
    </div>
  );
}

function Finding({ finding: { answered, looked, missing, foreign, olderKeys } }: { readonly finding: NodeFinding }): JSX.Element {
  const nameOf = useNameOf();
  if (!answered) return <Notice tone="caution">It did not answer when the nodes were compared.</Notice>;
  const doubts = [
    missing > 0 && `It does not have ${counted(missing, 'message')} that another node has.`,
    olderKeys.length > 0 && `It does not have the newest keys of ${listed(olderKeys.map(nameOf))}.`,
  ].filter((words) => words !== false);
  return (
    <Notice tone={doubts.length > 0 ? 'caution' : 'plain'}>
      {doubts.length > 0 ? doubts.join(' ') : `It has what the others have: ${counted(looked, 'message')} of the last week compared.`}
      {foreign > 0 && <div class="quiet">{counted(foreign, 'thing')} that nobody can read, and not all nodes have, lie there too.</div>}
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
      <Field label="Another node’s address" type="url" value={url} onValue={setUrl} mono placeholder="https://" />
      {work.error && <Notice tone="danger">{work.error}</Notice>}
      <div class="side">
        <Button icon={Plus} type="submit" disabled={work.busy || url.trim() === ''}>
          Keep this address
        </Button>
      </div>
    </form>
  );
}

function TestResult({ result }: { readonly result: NodeTest }): JSX.Element {
  const { version, roundTrip, clockSkew } = result;
  const facts = [
    version && `Version ${version}`,
    roundTrip !== null && `round trip ${roundTrip} ms`,
    clockSkew !== null && `its clock ${skewWords(clockSkew)}`,
  ].filter(Boolean);
  return (
    <Notice tone={result.ok ? 'plain' : 'caution'}>
      {result.detail}
      {facts.length > 0 && <div class="quiet">{facts.join(', ')}.</div>}
    </Notice>
  );
}

/** `skewMs`: the node's clock minus ours. The node tells its time by the second. */
const skewWords = (skewMs: number): string => {
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  return seconds < 2 ? 'agrees with yours' : `is ${seconds} s ${skewMs > 0 ? 'ahead of' : 'behind'} yours`;
};
