import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Status } from '../../rpc/views.ts';
import { ShortAddress } from '../parts/Address.tsx';
import { Avatar } from '../parts/Avatar.tsx';
import { Button } from '../parts/Button.tsx';
import { Field } from '../parts/Field.tsx';
import { background } from '../rpc.ts';
import { useWork } from '../state.ts';
import { counted, reasonOf } from '../words.ts';

interface UnlockProps {
  readonly status: Status;
  readonly onStatus: (status: Status) => void;
  /** A site's question waits behind the lock. */
  readonly asking: boolean;
}

export function Unlock({ status, onStatus, asking }: UnlockProps): JSX.Element {
  const [passphrase, setPassphrase] = useState('');
  const [waitUntil, setWaitUntil] = useState(status.nextUnlockAt);
  const [failed, setFailed] = useState(status.failedUnlocks);
  const seconds = useCountdown(waitUntil);
  const work = useWork();
  const input = useRef<HTMLInputElement>(null);
  const reason = work.failure === null ? null : reasonOf(work.failure);

  const unlock = (): Promise<void> =>
    work
      .run(async () => {
        onStatus(await background.call('unlock', { passphrase }));
      })
      .then(async () => {
        const now = await background.call('status', {});
        setWaitUntil(now.nextUnlockAt);
        setFailed(now.failedUnlocks);
        input.current?.select();
      });

  const words =
    seconds > 0
      ? `Wait ${seconds} ${seconds === 1 ? 'second' : 'seconds'}, then try again.`
      : reason === 'wrong-passphrase'
        ? `That is not the passphrase.${failed < 5 ? ` ${5 - failed} more ${5 - failed === 1 ? 'try' : 'tries'} before it slows down.` : ''}`
        : work.error;

  return (
    <main class="scroll gate">
      <form
        class="page"
        onSubmit={(event) => {
          event.preventDefault();
          if (passphrase !== '' && seconds === 0) void unlock();
        }}
      >
        <div class="account">
          <Avatar address={status.account?.address ?? '0x'} size={48} />
          <div>
            <h1>{asking ? 'Unlock to answer' : 'Unlock Parley'}</h1>
            <p class="small quiet">
              <ShortAddress address={status.account?.address ?? ''} />
              {status.accounts.length > 1 && ` and ${counted(status.accounts.length - 1, 'other account')}`}
            </p>
          </div>
        </div>
        {asking && <p class="quiet">A site has a question for you. It is shown once Parley is open.</p>}
        <Field
          label="Passphrase"
          type="password"
          value={passphrase}
          onValue={(value) => {
            setPassphrase(value);
            work.clear();
          }}
          autoFocus
          inputRef={input}
          hint={words ?? ''}
          tone={words && (seconds > 0 || work.error) ? 'danger' : 'plain'}
        />
        <Button kind="primary" type="submit" wide disabled={passphrase === '' || seconds > 0 || work.busy}>
          Unlock
        </Button>
      </form>
    </main>
  );
}

function useCountdown(until: number | null): number {
  const left = (): number => (until === null ? 0 : Math.max(0, Math.ceil((until - Date.now()) / 1000)));
  const [seconds, setSeconds] = useState(left);
  useEffect(() => {
    setSeconds(left());
    const timer = setInterval(() => setSeconds(left()), 250);
    return () => clearInterval(timer);
  }, [until]);
  return seconds;
}
