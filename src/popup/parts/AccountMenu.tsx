import type { JSX } from 'preact';
import type { AccountView, Status } from '../../rpc/views/account.ts';
import { shortAddress } from '../address.ts';
import { ChevronDown, Plus, UsersRound } from '../icons.ts';
import { go } from '../router.ts';
import { background } from '../rpc.ts';
import { t } from '../t.tsx';
import { Avatar } from './Avatar.tsx';
import { Count } from './Count.tsx';
import { Icon } from './Icon.tsx';
import { Menu } from './Menu.tsx';

interface AccountMenuProps {
  readonly status: Status;
  readonly onStatus: (status: Status) => void;
  readonly onFailure: () => void;
}

/** Who one is at present, and who else one could be. */
export function AccountMenu({ status, onStatus, onFailure }: AccountMenuProps): JSX.Element {
  const current = status.accounts.find(({ address }) => address === status.account?.address);
  const elsewhere = status.accounts.reduce((sum, account) => sum + (account === current ? 0 : account.unread), 0);
  const turn = ({ address }: AccountView): void => {
    // What is open belongs to the account before.
    go('#/');
    background.call('switchAccount', { address }).then(onStatus, onFailure);
  };
  return (
    <Menu
      label={t('common.accounts')}
      button={
        <>
          {current && <Avatar address={current.address} size={28} color={current.color} />}
          <h1 title={current?.address} dir="auto">
            {current && (current.name === '' ? <BriefAddress address={current.address} /> : <AccountName account={current} />)}
          </h1>
          <Icon of={ChevronDown} size={16} />
          {elsewhere > 0 && <Count of={elsewhere} words={t('count.newElsewhere', { count: elsewhere })} />}
        </>
      }
      items={[
        ...status.accounts.map((account) => ({
          key: account.address,
          chosen: account === current,
          words: (
            <>
              <Avatar address={account.address} size={24} color={account.color} />
              <span class="account-name">
                <AccountName account={account} />
                {account.name !== '' && <span class="address small quiet">{shortAddress(account.address)}</span>}
              </span>
              {account.unread > 0 && <Count of={account.unread} words={t('count.new', { count: account.unread })} />}
            </>
          ),
          onChoose: () => turn(account),
        })),
        { key: 'add', words: t('common.addAnAccount'), icon: Plus, onChoose: () => go('#/add') },
        { key: 'manage', words: t('accountMenu.manageAccounts'), icon: UsersRound, onChoose: () => go('#/settings/accounts') },
      ]}
    />
  );
}

/** Four and four, and the beginning alone where there is no room for both: its owner knows it. */
function BriefAddress({ address }: { readonly address: string }): JSX.Element {
  return (
    <span class="address">
      <bdi>
        {`${address.slice(0, 6)}…`}
        <span class="end">{address.slice(-4)}</span>
      </bdi>
    </span>
  );
}

/** The name that its owner gave, else the address. */
export function AccountName({ account }: { readonly account: Pick<AccountView, 'address' | 'name'> }): JSX.Element {
  return account.name === '' ? (
    <span class="address" title={account.address}>
      {shortAddress(account.address)}
    </span>
  ) : (
    <bdi>{account.name}</bdi>
  );
}
