import type { JSX } from 'preact';
import { qrOfAddress } from '../qr-picture.ts';
import { t } from '../t.tsx';
import { Qr } from './Qr.tsx';

/** Somebody's address, for a camera or for who has a picture of it. */
export const AddressCode = ({ address }: { readonly address: string }): JSX.Element => (
  <div class="qr">
    <Qr text={qrOfAddress(address)} label={t('accounts.codeOf', { address })} />
  </div>
);
