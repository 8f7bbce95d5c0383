import { Pencil, Plus } from 'lucide';
import type { JSX } from 'preact';
import { useId, useState } from 'preact/hooks';
import { type AccountView, accountColors, longestAccountName, type Status } from '../../../rpc/views/account.ts';
import { shortAddress } from '../../address.ts';
import { AccountName } from '../../parts/AccountMenu.tsx';
import { CopyAddress, ShortAddress } from '../../parts/Address.tsx';
import { AddressCode } from '../../parts/AddressCode.tsx';
import { Avatar } from '../../parts/Avatar.tsx';
import { Button, IconButton } from '../../parts/Button.tsx';
import { Count } from '../../parts/Count.tsx';
import { Field } from '../../parts/Field.tsx';
import { Notice } from '../../parts/Notice.tsx';
import { go } from '../../router.ts';
import { background } from '../../rpc.ts';
import { useWork } from '../../state.ts';
import { t } from '../../t.tsx';

interface AccountsProps {
  readonly status: Status;
  readonly onStatus: (status: Status) => void;
}

/** Who one is, under which name and colour, and who else; the one in front comes first. */
export function Accounts({ status, onStatus }: AccountsProps): JSX.Element {
  const [edited, setEdited] = useState<string | null>(null);
  const front = status.account?.address;
  const accounts = [...status.accounts].sort((a, b) => Number(b.address === front) - Number(a.address === front));
  return (
    <section class="group" id="settings-accounts">
      <h2>{accounts.length > 1 ? t('common.accounts') : t('accounts.account')}</h2>
      <p class="small quiet">{t('accounts.giveYourAddressTo')}</p>
      <CopyAddress address={front ?? ''} />
      {front !== undefined && <AddressCode address={front} />}
      {!status.published && <Notice tone="caution">{t('common.nobodyCanFindYou')}</Notice>}
      <ul class="accounts" aria-label={t('common.accounts')}>
        {accounts.map((account) => (
          <li key={account.address}>
            <div class="account-line">
              <Avatar address={account.address} size={32} color={account.color} />
              <span class="account-name">
                <AccountName account={account} />
                <span class="small quiet">
                  {account.name !== '' && <ShortAddress address={account.address} />}
                  {account.address === front && accounts.length > 1 && <> {t('accounts.inFront')}</>}
                </span>
              </span>
              {account.address !== front && account.unread > 0 && (
                <Count
                  of={account.unread}
                  words={t('count.new', { count: account.unread })}
                  title={t('accounts.newMessages', { count: account.unread })}
                />
              )}
              {account.address !== front && (
                <Button
                  label={t('accounts.switchToNamed', { name: nameOf(account) })}
                  onClick={() => void background.call('switchAccount', { address: account.address }).then(onStatus, () => undefined)}
                >
                  {t('accounts.switch')}
                </Button>
              )}
              <IconButton
                icon={Pencil}
                label={t('accounts.editNamed', { name: nameOf(account) })}
                onClick={() => setEdited(edited === account.address ? null : account.address)}
              />
            </div>
            {edited === account.address && (
              <Edit
                account={account}
                alone={accounts.length === 1}
                onDone={(next) => {
                  if (next) onStatus(next);
                  setEdited(null);
                }}
              />
            )}
          </li>
        ))}
      </ul>
      <div class="side">
        <Button icon={Plus} onClick={() => go('#/add')}>
          {t('common.addAnAccount')}
        </Button>
      </div>
    </section>
  );
}

const nameOf = ({ name, address }: AccountView): string => (name === '' ? shortAddress(address) : name);

interface EditProps {
  readonly account: AccountView;
  readonly alone: boolean;
  readonly onDone: (status: Status | null) => void;
}

function Edit({ account, alone, onDone }: EditProps): JSX.Element {
  const { address } = account;
  const [name, setName] = useState(account.name);
  const [color, setColor] = useState(account.color);
  const [removing, setRemoving] = useState(false);
  const work = useWork();
  const group = useId();
  const trimmed = name.trim();
  const tooLong = trimmed.length > longestAccountName;
  if (removing) return <Remove account={account} onDone={onDone} onBack={() => setRemoving(false)} />;
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (!tooLong) void work.run(async () => onDone(await background.call('describeAccount', { address, name: trimmed, color })));
      }}
    >
      <Field
        label={t('common.name')}
        value={name}
        onValue={setName}
        autoFocus
        hint={tooLong ? t('common.atMost', { count: longestAccountName }) : t('accounts.forYouAloneNobody')}
        tone={tooLong ? 'danger' : 'plain'}
      />
      <fieldset class="colors">
        <legend>{t('accounts.colour')}</legend>
        {[null, ...colors.keys()].map((place) => (
          <label key={place} title={colorName(place)} data-color={place ?? 'none'}>
            <input type="radio" name={group} checked={color === place} onChange={() => setColor(place)} />
            <span class="hidden">{colorName(place)}</span>
          </label>
        ))}
      </fieldset>
      {work.error && <Notice tone="danger">{work.error}</Notice>}
      <div class="side">
        <Button kind="plain" onClick={() => onDone(null)}>
          {t('common.cancel')}
        </Button>
        <Button kind="primary" type="submit" disabled={tooLong || work.busy}>
          {t('common.save')}
        </Button>
      </div>
      {!alone && (
        <div class="side">
          <Button onClick={() => setRemoving(true)}>{t('accounts.removeThisAccountBegin')}</Button>
        </div>
      )}
    </form>
  );
}

function Remove({ account, onDone, onBack }: Omit<EditProps, 'alone'> & { readonly onBack: () => void }): JSX.Element {
  const { address } = account;
  const [passphrase, setPassphrase] = useState('');
  const work = useWork();
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault();
        void work.run(async () => onDone(await background.call('removeAccount', { address, passphrase })));
      }}
    >
      <Notice tone="caution">{t('accounts.theKeysOfIts', { name: nameOf(account) })}</Notice>
      <Field
        label={t('common.passphrase')}
        type="password"
        value={passphrase}
        onValue={setPassphrase}
        autoFocus
        hint={t('common.theOneThatUnlocks')}
      />
      {work.error && <Notice tone="danger">{work.error}</Notice>}
      <div class="side">
        <Button onClick={onBack}>{t('common.keepIt')}</Button>
        <Button kind="danger" type="submit" disabled={passphrase === '' || work.busy}>
          {t('accounts.removeIt')}
        </Button>
      </div>
    </form>
  );
}

const colorWords = [
  'accounts.red',
  'accounts.orange',
  'accounts.yellow',
  'accounts.green',
  'accounts.teal',
  'accounts.blue',
  'accounts.purple',
  'accounts.pink',
] as const;
const colors = colorWords.slice(0, accountColors);

const colorName = (place: number | null): string => {
  const words = place === null ? undefined : colors[place];
  return words === undefined ? t('accounts.none') : t(words);
};
