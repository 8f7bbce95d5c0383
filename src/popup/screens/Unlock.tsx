import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Status } from '../../rpc/views/account.ts';
import { reasonOf } from '../explain.ts';
import { ShortAddress } from '../parts/Address.tsx';
import { Avatar } from '../parts/Avatar.tsx';
import { Button } from '../parts/Button.tsx';
import { Field } from '../parts/Field.tsx';
import { Repair } from '../parts/Repair.tsx';
import { background } from '../rpc.ts';
import { useWork } from '../state.ts';
import { rich, t } from '../t.tsx';

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
      ? t('unlock.wait', { count: seconds })
      : reason === 'wrong-passphrase'
        ? failed < 5
          ? t('unlock.wrongWithTries', { count: 5 - failed })
          : t('unlock.wrong')
        : work.error;

  const own = <ShortAddress address={status.account?.address ?? ''} />;
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
            <h1>{asking ? t('unlock.unlockToAnswer') : t('unlock.unlockParley')}</h1>
            <p class="small quiet">
              {status.accounts.length > 1 ? rich('unlock.andOthers', { address: own, count: status.accounts.length - 1 }) : own}
            </p>
          </div>
        </div>
        {asking && <p class="quiet">{t('unlock.aSiteHasA')}</p>}
        <Field
          label={t('common.passphrase')}
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
          {t('unlock.unlock')}
        </Button>
        {reason === 'storage-failed' && <Repair />}
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
