import type { JSX } from 'preact';
import { Fragment } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { addressGroups, shortAddress } from '../address.ts';
import { Check, Copy } from '../icons.ts';
import { t } from '../t.tsx';
import { IconButton } from './Button.tsx';

/** Six and six; the whole of it for who points at it. */
export function ShortAddress({ address }: { readonly address: string }): JSX.Element {
  return (
    <span class="address" title={address}>
      {shortAddress(address)}
    </span>
  );
}

/**
 * The whole address in groups of four, in two halves that stand side by side or one below the other, so that no line is left with a single group. The gaps are
 * drawn, not written: selecting, copying and reading it gives the address as it is.
 */
export function FullAddress({ address }: { readonly address: string }): JSX.Element {
  const groups = addressGroups(address);
  return (
    <span class="address-full">
      <Half groups={groups.slice(0, 6)} />
      <wbr />
      <Half groups={groups.slice(6)} />
    </span>
  );
}

function Half({ groups }: { readonly groups: readonly string[] }): JSX.Element {
  return (
    <span class="address-half">
      {groups.map((group, index) => (
        <Fragment key={index}>
          {index > 0 && <wbr />}
          <span>{group}</span>
        </Fragment>
      ))}
    </span>
  );
}

/** A button that copies an address and says so for a moment. */
export function CopyButton({
  address,
  label = t('address.copyAddress'),
}: {
  readonly address: string;
  readonly label?: string;
}): JSX.Element {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 2000);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <>
      <IconButton
        icon={copied ? Check : Copy}
        label={copied ? t('common.copied') : label}
        good={copied}
        onClick={() => {
          navigator.clipboard.writeText(address).then(
            () => setCopied(true),
            () => undefined, // refused by the browser: the address can still be selected
          );
        }}
      />
      <span class="hidden" role="status">
        {copied ? t('address.addressCopied') : ''}
      </span>
    </>
  );
}

/** The whole address with a button that copies it. */
export function CopyAddress({ address }: { readonly address: string }): JSX.Element {
  return (
    <div class="copy">
      <FullAddress address={address} />
      <CopyButton address={address} />
    </div>
  );
}
