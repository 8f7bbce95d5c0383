import type { Founded } from '../../keystore/founding.ts';
import type { Keystore } from '../../keystore/keystore.ts';
import type { Address } from '../../protocol/address.ts';
import type { Clock } from '../../protocol/time.ts';
import { RefusalError } from '../../rpc/errors.ts';
import type { Status } from '../../rpc/views/account.ts';
import type { Cache } from '../../storage/cache.ts';
import type { Records } from '../../storage/records.ts';
import { createExclusive } from '../exclusive.ts';
import type { Failpoint } from '../failpoint.ts';
import { type Losses, wipingName } from '../losses.ts';
import type { NodeStatus } from '../nodes/node-state.ts';
import type { Preferences } from '../preferences.ts';
import type { Accounts } from '../services.ts';
import { atRest, type Sessions } from '../sessions.ts';
import type { StatusBoard } from '../status.ts';
import { setSince } from './account-dates.ts';
import type { AccountRecordsOf } from './account-records.ts';
import type { Front } from './front.ts';
import type { Lock } from './lock.ts';
import { owe } from './publication.ts';
import { renewIdentity } from './renewal.ts';

interface Deps {
  readonly keystore: Keystore;
  readonly records: Records;
  readonly preferences: Preferences;
  readonly sessions: Sessions;
  readonly lock: Lock;
  readonly board: StatusBoard;
  readonly node: NodeStatus;
  readonly cacheOf: (address: Address) => Cache;
  readonly accountRecords: AccountRecordsOf;
  readonly front: Front;
  /** What sites may do as this account is over. */
  readonly forgetGrants: (account: Address) => Promise<void>;
  /** What the next page shows first is not to be that of this account any more. */
  readonly dropGlimpse: () => Promise<void>;
  /** What pages have typed is nobody's any more. */
  readonly clearTyped: () => Promise<void>;
  readonly losses: Pick<Losses, 'lostAccounts' | 'begunAnew' | 'clear'>;
  readonly failpoint: Failpoint;
  /** Another account is shown now, or the first one. */
  readonly turned: () => void;
  readonly clock: Clock;
  /** Unlocked, locked, made or wiped: sites see another account now. */
  readonly accountChanged: () => void;
}

const removingName = 'removing';

/** What the ways to an account hand over to. */
export interface Adoption {
  chooseNode(url: string | null): Promise<string>;
  settleRemoval(): Promise<void>;
  settleWipe(): Promise<void>;
  /** Before the first account, where the keys of others were lost. */
  makeRoom(): Promise<void>;
  adopt(founded: Founded, isNew: boolean, passphrase: string): Promise<Status>;
  /** An account is in the keystore that was not there before: opens it, and brings it to the front. */
  begin(address: Address): Promise<void>;
}

export function createAccounts(deps: Deps): Accounts & Adoption {
  const {
    keystore,
    records,
    preferences,
    sessions,
    lock,
    board,
    node,
    cacheOf,
    accountRecords,
    front,
    forgetGrants,
    dropGlimpse,
    clearTyped,
    losses,
    failpoint,
    turned,
    clock,
    accountChanged,
  } = deps;
  // Two pages may ask at once; the second finds what the first has done.
  const exclusive = createExclusive();

  const begin = async (address: Address): Promise<void> => {
    await lock.used();
    await (sessions.all().length > 0 ? sessions.begin(address) : sessions.open('new'));
    await dropGlimpse();
    await front.put(address);
    turned();
  };

  /** Goes on with the removal of an account whose keys are gone. */
  const settleRemoval = async (): Promise<void> => {
    const removing = (await records.settings.get(removingName)) as { readonly address: Address; readonly first: boolean } | undefined;
    if (!removing) return;
    const { address, first } = removing;
    if (!keystore.accounts().some((account) => account.address === address)) {
      await forgetGrants(address);
      await cacheOf(address).delete();
      await accountRecords.delete(address, first);
      await forgetNotes(address);
    }
    await records.settings.delete(removingName);
  };

  const forgetNotes = async (address: Address): Promise<void> => {
    for (const [name] of await records.settings.all()) if (name.endsWith(` ${address}`)) await records.settings.delete(name);
  };

  const deleteRows = async (addresses: readonly Address[]): Promise<void> => {
    for (const address of addresses) await cacheOf(address).delete();
    for (const address of addresses) await accountRecords.delete(address, false);
  };

  /** Ends what a death broke off when everything was to be erased. */
  const settleWipe = async (): Promise<void> => {
    const wiping = (await records.settings.get(wipingName)) as readonly Address[] | undefined;
    if (!wiping || keystore.state() !== 'none') return;
    await deleteRows(wiping);
    await preferences.forgetNode();
    await losses.clear();
    await records.delete();
  };

  /** Rows of accounts whose keys are lost open by no key, and would stand in the way of the same accounts with other keys. */
  const makeRoom = async (): Promise<void> => {
    const lost = losses.lostAccounts();
    if (keystore.state() !== 'none' || lost === null) return;
    await deleteRows(lost);
    await records.clearAccount();
    for (const address of lost) await forgetNotes(address);
    await losses.clear();
    losses.begunAnew();
  };

  const known = (address: string): Address => {
    const account = keystore.accounts().find((each) => each.address === address);
    if (!account) throw new RefusalError('no-account', 'This account is not here.');
    return account.address;
  };

  const chooseNode = async (url: string | null): Promise<string> => {
    if (url === null || keystore.state() !== 'none') return preferences.nodeUrl();
    const chosen = await preferences.setNodeUrl(url);
    node.reset(chosen);
    return chosen;
  };

  return {
    settleRemoval,
    settleWipe,
    makeRoom,
    chooseNode,
    begin,
    adopt: ({ account, address, replaces }, isNew, passphrase) =>
      exclusive(async () => {
        // What is owed for an account that is here already is not another's to change.
        if (keystore.accounts().some((account) => account.address === address))
          throw new RefusalError('account-exists', 'This account is here already.');
        await makeRoom();
        // Written first: a death in between must not turn old messages into news, nor lose what only the wallet can make again.
        if (!isNew) await setSince(records, address, clock());
        await owe(records, address, { replaces });
        try {
          await keystore.add(account, passphrase);
        } finally {
          board.changed(); // one more failure, or none any more
        }
        await begin(address);
        return board.read();
      }),
    status: board.read,
    unlock: (passphrase) =>
      exclusive(async () => {
        if (keystore.state() !== 'open' || !sessions.peek()) {
          try {
            await keystore.unlock(passphrase);
          } catch (error) {
            board.changed(); // one more failure
            throw error;
          }
          await lock.used();
          await sessions.open('unlocked');
          turned();
        }
        return board.read();
      }),
    lock: () =>
      exclusive(async () => {
        await lock.now();
        return board.read();
      }),
    async revealPhrase(passphrase) {
      return keystore.reveal(sessions.current().address, passphrase);
    },
    async phraseSaved() {
      await keystore.setPhraseSaved(sessions.current().address);
      board.changed();
      return board.read();
    },
    changePassphrase: (passphrase, next) =>
      exclusive(async () => {
        sessions.current();
        try {
          await keystore.changePassphrase(passphrase, next);
        } finally {
          board.changed(); // one more failure, or none any more
        }
        return board.read();
      }),
    rotatePreKey: () =>
      exclusive(async () => {
        await sessions.current().rotatePreKey();
        return board.read();
      }),
    newIdentity: (passphrase) =>
      exclusive(async () => {
        const before = sessions.current();
        await keystore.check(passphrase);
        // What still works for the identity before must not publish it in the place of the new one.
        sessions.end(before.address);
        await atRest(before);
        try {
          await renewIdentity(before.keys, before.records);
        } finally {
          if (keystore.state() === 'open') await sessions.begin(before.address);
        }
        board.changed();
        return board.read();
      }),
    switchTo: (asked) =>
      exclusive(async () => {
        const address = known(asked);
        sessions.of(address); // what is locked is not chosen from
        if (address !== front.address()) {
          await dropGlimpse();
          await front.put(address);
          turned();
        }
        return board.read();
      }),
    describe: (asked, look) =>
      exclusive(async () => {
        await keystore.describe(known(asked), look);
        board.changed();
        return board.read();
      }),
    remove: (asked, passphrase) =>
      exclusive(async () => {
        const address = known(asked);
        const open = sessions.of(address);
        // Written first: a death in between must not leave its rows behind.
        await records.settings.put(removingName, { address, first: accountRecords.isFirst(address) });
        try {
          await keystore.remove(address, passphrase);
        } catch (error) {
          await records.settings.delete(removingName);
          board.changed(); // one more failure, perhaps
          throw error;
        }
        await dropGlimpse();
        sessions.end(address);
        await atRest(open);
        await settleRemoval();
        turned();
        return board.read();
      }),
    wipe: (passphrase) =>
      exclusive(async () => {
        const accounts = keystore.accounts();
        await keystore.check(passphrase);
        const open = sessions.all();
        sessions.close();
        await lock.now();
        await dropGlimpse();
        await clearTyped();
        // Written first: after a death in between nothing of it is to look lost.
        await records.settings.put(
          wipingName,
          accounts.map(({ address }) => address),
        );
        await keystore.wipe();
        await failpoint('wipe:keys');
        // From here on nothing that is sealed can be opened; the rest is tidying up.
        for (const session of open) await atRest(session);
        await deleteRows(accounts.map(({ address }) => address));
        await preferences.forgetNode();
        await losses.clear();
        losses.begunAnew();
        await records.delete();
        node.reset(await preferences.nodeInUse());
        board.changed();
        accountChanged();
        return board.read();
      }),
  };
}
