import { Check, Copy } from 'lucide';
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { addressGroups, shortAddress } from '../address.ts';
import { IconButton } from './Button.tsx';

/** Six and six; the whole of it for who points at it. */
export function ShortAddress({ address }: { readonly address: string }): JSX.Element {
  return (
    <span class="address" title={address}>
      {shortAddress(address)}
    </span>
  );
}

/** The whole address in groups of four. Selecting it selects no gaps. */
export function FullAddress({ address }: { readonly address: string }): JSX.Element {
  return (
    <span class="address-full">
      {addressGroups(address).map((group, index) => (
        <span key={index}>{group}</span>
      ))}
    </span>
  );
}

/** The whole address with a button that copies it. */
export function CopyAddress({ address }: { readonly address: string }): JSX.Element {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 2000);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <div class="copy">
      <span class="mono">{address}</span>
      <IconButton
        icon={copied ? Check : Copy}
        label={copied ? 'Copied' : 'Copy address'}
        onClick={() => {
          navigator.clipboard.writeText(address).then(
            () => setCopied(true),
            () => undefined, // refused by the browser: the address can still be selected
          );
        }}
      />
      <span class="hidden" role="status">
        {copied ? 'Address copied' : ''}
      </span>
    </div>
  );
}
