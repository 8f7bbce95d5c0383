import type { JSX } from 'preact';
import { qrOfAddress } from '../qr-picture.ts';
import { t } from '../t.tsx';
import { Qr } from './Qr.tsx';

/** One's address for a camera, or for who gets a picture of it; folded, since a list or a window cuts through it. */
export const AddressCode = ({ address }: { readonly address: string }): JSX.Element => (
  <details class="more">
    <summary>{t('accounts.showCode')}</summary>
    <div class="qr">
      <Qr text={qrOfAddress(address)} label={t('accounts.codeOf', { address })} />
    </div>
  </details>
);
