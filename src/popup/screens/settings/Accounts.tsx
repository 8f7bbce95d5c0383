import { Pencil, Plus } from 'lucide';
import type { JSX } from 'preact';
import { useId, useState } from 'preact/hooks';
import { type AccountView, accountColors, longestAccountName, type Status } from '../../../rpc/views.ts';
import { shortAddress } from '../../address.ts';
import { AccountName } from '../../parts/AccountMenu.tsx';
import { CopyAddress, ShortAddress } from '../../parts/Address.tsx';
import { Avatar } from '../../parts/Avatar.tsx';
import { Button, IconButton } from '../../parts/Button.tsx';
import { Count } from '../../parts/Count.tsx';
import { Field } from '../../parts/Field.tsx';
import { Notice } from '../../parts/Notice.tsx';
import { go } from '../../router.ts';
import { background } from '../../rpc.ts';
import { useWork } from '../../state.ts';
import { counted } from '../../words.ts';

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
      <h2>{accounts.length > 1 ? 'Accounts' : 'Account'}</h2>
      <p class="small quiet">Give your address to those who should write to you.</p>
      <CopyAddress address={front ?? ''} />
      {!status.published && (
        <Notice tone="caution">Nobody can find you yet: your keys have not reached the node. Parley keeps trying.</Notice>
      )}
      <ul class="accounts" aria-label="Accounts">
        {accounts.map((account) => (
          <li key={account.address}>
            <div class="account-line">
              <Avatar address={account.address} size={32} color={account.color} />
              <span class="account-name">
                <AccountName account={account} />
                <span class="small quiet">
                  {account.name !== '' && <ShortAddress address={account.address} />}
                  {account.address === front && accounts.length > 1 && ' In front'}
                </span>
              </span>
              {account.address !== front && account.unread > 0 && (
                <Count of={account.unread} words="new" title={counted(account.unread, 'new message')} />
              )}
              {account.address !== front && (
                <Button
                  label={`Switch to ${nameOf(account)}`}
                  onClick={() => void background.call('switchAccount', { address: account.address }).then(onStatus, () => undefined)}
                >
                  Switch
                </Button>
              )}
              <IconButton
                icon={Pencil}
                label={`Edit ${nameOf(account)}`}
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
          Add an account
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
        label="Name"
        value={name}
        onValue={setName}
        autoFocus
        hint={tooLong ? `At most ${longestAccountName} characters.` : 'For you alone: nobody else sees it.'}
        tone={tooLong ? 'danger' : 'plain'}
      />
      <fieldset class="colors">
        <legend>Colour</legend>
        {[null, ...colors.keys()].map((place) => (
          <label key={place} title={place === null ? 'None' : colors[place]} data-color={place ?? 'none'}>
            <input type="radio" name={group} checked={color === place} onChange={() => setColor(place)} />
            <span class="hidden">{place === null ? 'None' : colors[place]}</span>
          </label>
        ))}
      </fieldset>
      {work.error && <Notice tone="danger">{work.error}</Notice>}
      <div class="side">
        <Button kind="plain" onClick={() => onDone(null)}>
          Cancel
        </Button>
        <Button kind="primary" type="submit" disabled={tooLong || work.busy}>
          Save
        </Button>
      </div>
      {!alone && (
        <div class="side">
          <Button onClick={() => setRemoving(true)}>Remove this account…</Button>
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
      <Notice tone="caution">
        The keys of {nameOf(account)}, its messages and drafts, and what sites may do with it are destroyed in this browser. What the node
        holds stays there, sealed. It can be brought back by its recovery phrase, its wallet or a backup file, and by nothing else.
      </Notice>
      <Field label="Passphrase" type="password" value={passphrase} onValue={setPassphrase} autoFocus hint="The one that unlocks Parley." />
      {work.error && <Notice tone="danger">{work.error}</Notice>}
      <div class="side">
        <Button onClick={onBack}>Keep it</Button>
        <Button kind="danger" type="submit" disabled={passphrase === '' || work.busy}>
          Remove it
        </Button>
      </div>
    </form>
  );
}

const colors = ['Red', 'Orange', 'Yellow', 'Green', 'Teal', 'Blue', 'Purple', 'Pink'].slice(0, accountColors);
