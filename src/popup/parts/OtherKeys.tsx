import type { JSX } from 'preact';
import { background } from '../rpc.ts';
import { useWork } from '../state.ts';
import { Button } from './Button.tsx';
import { Notice } from './Notice.tsx';

interface OtherKeysProps {
  readonly peer: string;
  readonly accepted: () => void;
}

/** The wallet vouches for other keys than the known ones: a person lost the old ones, or was talked into a signature. Only people can tell which. */
export function OtherKeys({ peer, accepted }: OtherKeysProps): JSX.Element {
  const { run, busy, error } = useWork();
  const accept = (): Promise<void> =>
    run(async () => {
      await background.call('acceptKeys', { peer });
      accepted();
    });
  return (
    <>
      <Notice tone="caution">
        The keys of this address have changed. That happens when somebody starts afresh, and also when somebody else got a signature out of
        them. Ask them another way before you write.
      </Notice>
      {error && <Notice tone="danger">{error}</Notice>}
      <Button onClick={() => void accept()} disabled={busy}>
        Use the new keys
      </Button>
    </>
  );
}

/** The node shows an older key than was seen before: harmless where it lags behind, and a sign of one that plays old answers again. */
export const OlderKeys = (): JSX.Element => (
  <Notice tone="caution">This node shows an older key of this address than Parley has seen. The newer one is used.</Notice>
);
