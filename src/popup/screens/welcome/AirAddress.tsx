import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Founding } from '../../../rpc/views/founding.ts';
import { Field } from '../../parts/Field.tsx';
import { background } from '../../rpc.ts';
import { useWork } from '../../state.ts';
import { t } from '../../t.tsx';
import { Stepped } from './Stepped.tsx';

interface AirAddressProps {
  readonly onFounding: (founding: Founding) => void;
  readonly onBack: () => void;
}

/** For a wallet that no page reaches, its address is all that is needed to begin. */
export function AirAddress({ onFounding, onBack }: AirAddressProps): JSX.Element {
  const [address, setAddress] = useState('');
  const work = useWork();
  const text = address.trim();
  const good = /^0x[0-9a-fA-F]{40}$/.test(text);
  const go = (): Promise<void> =>
    work.run(async () => onFounding(await background.call('beginExternal', { address: text as `0x${string}` })));
  return (
    <Stepped step={[1, 3]} title={t('airAddress.theAddressOfYour')} onBack={onBack} busy={work.busy} next={{ ready: good, go }}>
      <p class="quiet">{t('airAddress.parleyShowsYouTexts')}</p>
      <Field
        label={t('common.walletAddress')}
        value={address}
        onValue={(value) => {
          work.clear();
          setAddress(value);
        }}
        autoFocus
        mono
        placeholder="0x…"
        hint={work.error ?? (text === '' || good ? '' : t('airAddress.digits', { count: text.replace(/^0x/i, '').length }))}
        tone={work.error ? 'danger' : 'plain'}
      />
    </Stepped>
  );
}
