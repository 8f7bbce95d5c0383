import { Check, Plus } from 'lucide';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { NodeTest } from '../../../rpc/views.ts';
import { Button } from '../../parts/Button.tsx';
import { Field } from '../../parts/Field.tsx';
import { Icon } from '../../parts/Icon.tsx';
import { Notice } from '../../parts/Notice.tsx';
import { background } from '../../rpc.ts';
import { useWork } from '../../state.ts';
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
          <NodeRow key={url} url={url} inUse={url === settings.nodeUrl} onChanged={onChanged} />
        ))}
      </ul>
      <AddNode onChanged={onChanged} />
    </section>
  );
}

interface NodeRowProps {
  readonly url: string;
  readonly inUse: boolean;
  readonly onChanged: () => void;
}

function NodeRow({ url, inUse, onChanged }: NodeRowProps): JSX.Element {
  const [result, setResult] = useState<NodeTest | null>(null);
  const [choosing, setChoosing] = useState(false);
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
  const name = url.replace(/^https?:\/\//, '');
  return (
    <li class="node">
      <p class="node-name">
        <span class="mono">{url}</span>
        {inUse && (
          <span class="in-use">
            <Icon of={Check} size={16} />
            In use
          </span>
        )}
      </p>
      {result && <TestResult result={result} />}
      {work.error && <Notice tone="danger">{work.error}</Notice>}
      {choosing ? (
        <UseNode url={url} onDone={() => setChoosing(false)} onChanged={onChanged} />
      ) : (
        <div class="side">
          <Button label={`Test ${name}`} onClick={() => void test()} disabled={work.busy}>
            Test
          </Button>
          {!inUse && (
            <>
              <Button label={`Use ${name}`} onClick={() => setChoosing(true)} disabled={work.busy}>
                Use…
              </Button>
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

function UseNode({
  url,
  onDone,
  onChanged,
}: {
  readonly url: string;
  readonly onDone: () => void;
  readonly onChanged: () => void;
}): JSX.Element {
  const [passphrase, setPassphrase] = useState('');
  const work = useWork();
  const use = (): Promise<void> =>
    work.run(async () => {
      await background.call('setNode', { url, passphrase });
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
        label="Passphrase"
        type="password"
        value={passphrase}
        onValue={setPassphrase}
        autoFocus
        hint="Another node sees when you write and to whom, so changing it takes your passphrase. Your conversations are read anew from there."
      />
      {work.error && <Notice tone="danger">{work.error}</Notice>}
      <div class="side">
        <Button onClick={onDone}>Cancel</Button>
        <Button kind="primary" type="submit" disabled={passphrase === '' || work.busy}>
          Use this node
        </Button>
      </div>
    </form>
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
