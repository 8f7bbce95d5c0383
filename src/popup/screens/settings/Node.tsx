import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { NodeTest } from '../../../rpc/views.ts';
import { Button } from '../../parts/Button.tsx';
import { Field } from '../../parts/Field.tsx';
import { Notice } from '../../parts/Notice.tsx';
import { background } from '../../rpc.ts';
import { useWork } from '../../state.ts';
import type { GroupProps } from './group.ts';

export function Node({ settings, onChanged }: GroupProps): JSX.Element {
  const [url, setUrl] = useState(settings.nodeUrl);
  const [passphrase, setPassphrase] = useState('');
  const [result, setResult] = useState<NodeTest | null>(null);
  const work = useWork();
  const changed = url.trim() !== settings.nodeUrl;
  const test = (): Promise<void> =>
    work.run(async () => {
      setResult(null);
      setResult(await background.call('testNode', { url: url.trim() }));
    });
  const save = (): Promise<void> =>
    work.run(async () => {
      await background.call('setNode', { url: url.trim(), passphrase });
      setPassphrase('');
      setResult(null);
      onChanged();
    });
  return (
    <section class="group">
      <h2>Node</h2>
      <p class="small quiet">The server that carries your sealed messages. You and those you write to need the same one.</p>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void (changed && passphrase !== '' ? save() : test());
        }}
      >
        <Field label="Node address" type="url" value={url} onValue={setUrl} mono />
        {result && <TestResult result={result} />}
        {changed && (
          <Field
            label="Passphrase"
            type="password"
            value={passphrase}
            onValue={setPassphrase}
            hint="Another node sees when you write and to whom, so changing it takes your passphrase. Your conversations are read anew from there."
          />
        )}
        {work.error && <Notice tone="danger">{work.error}</Notice>}
        <div class="side">
          <Button onClick={() => void test()} disabled={work.busy || url.trim() === ''}>
            Test
          </Button>
          {changed && (
            <Button kind="primary" type="submit" disabled={work.busy || passphrase === ''}>
              Save
            </Button>
          )}
        </div>
      </form>
    </section>
  );
}

function TestResult({ result }: { readonly result: NodeTest }): JSX.Element {
  const facts = [
    result.version && `Version ${result.version}`,
    result.roundTrip !== null && `answered in ${result.roundTrip} ms`,
    result.clockSkew !== null &&
      Math.abs(result.clockSkew) > 2000 &&
      `its clock differs by ${Math.round(Math.abs(result.clockSkew) / 1000)} s`,
  ].filter(Boolean);
  return (
    <Notice tone={result.ok ? 'plain' : 'caution'}>
      {result.detail}
      {facts.length > 0 && <div class="quiet">{facts.join(', ')}.</div>}
    </Notice>
  );
}
