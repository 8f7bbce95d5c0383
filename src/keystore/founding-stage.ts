import { equalBytes, fromBase64 } from '../protocol/bytes.ts';
import { readKeyBackup } from '../protocol/key-backup.ts';
import { decodePrivateBundle, identityText } from '../protocol/private-keys.ts';
import { publicPoint } from '../protocol/secp256k1.ts';
import { enableIdentityText } from '../protocol/wallet-signature.ts';
import type { Draft, Purpose } from './founding-draft.ts';

/**
 * Why somebody has to decide: `backup-closed` the wallet does not open the backup that is there; `keys-elsewhere` there are keys on the network and no
 * backup of them; `other-keys` the network shows other keys than these; `signs-differently` the wallet signs one text in two ways.
 */
export type Stuck = 'backup-closed' | 'keys-elsewhere' | 'other-keys' | 'signs-differently';

/** What comes next for an account that is being made. */
export type Stage =
  /** Choosing one of a phrase's accounts. */
  | { readonly step: 'account' }
  /** Asking the node. */
  | { readonly step: 'look' }
  /** The wallet signs this text. `number` counts backups from the newest, 1; for opening one. */
  | { readonly step: 'sign'; readonly purpose: Purpose; readonly text: string; readonly number: number }
  /** Deciding whether the network is to hold a backup. */
  | { readonly step: 'backup' }
  /** `older`: backups that have not been tried. */
  | { readonly step: 'stuck'; readonly why: Stuck; readonly tried: number; readonly older: number }
  /** Only the passphrase is lacking. `backup`: whether the network will hold one. */
  | { readonly step: 'ready'; readonly restored: boolean; readonly replaces: boolean; readonly backup: boolean };

export function stageOf(draft: Draft): Stage {
  const { way, address, found, bundle, replaces } = draft;
  if (address === null) return { step: 'account' };
  if (found === null && way !== 'new') return { step: 'look' };
  if (bundle !== null) return settledStage(draft, bundle);
  const older = (found?.backups.length ?? 0) - draft.tried;
  const stuck = (why: Stuck): Stage => ({ step: 'stuck', why, tried: draft.tried, older: way === 'external' ? older : 0 });
  if (found && found.entries > 0 && !replaces) {
    if (way !== 'external' || !draft.opening || older <= 0) return stuck('backup-closed');
    const { walletPreKey } = readKeyBackup(fromBase64(found.backups[draft.tried] as string));
    return { step: 'sign', purpose: 'open', text: enableIdentityText(walletPreKey), number: draft.tried + 1 };
  }
  if (found && found.contact !== null && !replaces) return stuck('keys-elsewhere');
  return { step: 'sign', purpose: 'create', text: createText(draft), number: 0 };
}

/** The keys are there. */
function settledStage(draft: Draft, bundle: string): Stage {
  const { way, found, restored, replaces, enable } = draft;
  const stuck = (why: Stuck): Stage => ({ step: 'stuck', why, tried: 0, older: 0 });
  const shown = found?.contact ?? null;
  if (shown !== null && !replaces && !equalBytes(fromBase64(shown), decodePrivateBundle(fromBase64(bundle)).identity.point))
    return stuck('other-keys');
  const ready = (backup: boolean): Stage => ({ step: 'ready', restored, replaces, backup });
  if (way !== 'external') return ready(way !== 'bundle' || (found?.entries ?? 0) > 0);
  if (restored || draft.seal !== null) return ready(true);
  if (draft.backup === 'none') return ready(false);
  if (!enable) return { step: 'backup' };
  if (enable.differs) return stuck('signs-differently');
  const text = enableIdentityText(fromBase64(enable.preKey));
  return { step: 'sign', purpose: enable.signature === null ? 'enable' : 'enable-again', text, number: 0 };
}

function createText({ identity }: Draft): string {
  if (!identity) return '';
  return identityText(publicPoint(fromBase64(identity.secret)), identity.timestampMs);
}
