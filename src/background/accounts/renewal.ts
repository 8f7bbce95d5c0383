import type { AccountKeys } from '../../keystore/account-keys.ts';
import type { Address } from '../../protocol/address.ts';
import { toHex } from '../../protocol/bytes.ts';
import type { Records } from '../../storage/records.ts';
import { groupOf } from '../messages/group-state.ts';
import type { StoredConversation } from '../messages/model.ts';
import type { Rows } from '../sync/rows.ts';
import { owe, unpublish } from './publication.ts';

/** A new identity in the place of the present one: the last resort, when its key got out. */

const settingName = (address: Address): string => `renewing ${address}`;

/** Makes it. What has to follow is written down before, so that a death at any point leaves either identity whole. @throws KeystoreError locked, no-wallet */
export async function renewIdentity(
  keystore: Pick<AccountKeys, 'renewIdentity' | 'publicBundle' | 'address'>,
  records: Pick<Records, 'settings'>,
): Promise<void> {
  const address = keystore.address();
  await records.settings.put(settingName(address), toHex(keystore.publicBundle().identityKey));
  await owe(records, address, { replaces: true });
  await unpublish(records, address);
  await keystore.renewIdentity();
}

/** Ends what was said to the identity before: such conversations are read, and no longer written to. Runs before anything is sent. */
export async function settleRenewal(
  keystore: Pick<AccountKeys, 'publicBundle'>,
  records: Pick<Records, 'settings'>,
  rows: Rows,
  address: Address,
): Promise<void> {
  const before = await records.settings.get(settingName(address));
  if (typeof before !== 'string') return;
  if (before === toHex(keystore.publicBundle().identityKey)) {
    // It did not come to that: nothing gives way.
    await owe(records, address, { replaces: false });
  } else {
    const ids = [...rows.all()].map(({ id }) => id);
    await rows.changeAll(ids, (row) => retired(row, address));
  }
  await records.settings.delete(settingName(address));
}

function retired(row: StoredConversation, address: Address): StoredConversation {
  if (!row.group) return { ...row, retired: true, otherKeys: false };
  // A group follows the identity of its creator; others stay in it by their address.
  return groupOf(row.group).creator === address ? { ...row, group: { ...row.group, closed: true } } : row;
}
