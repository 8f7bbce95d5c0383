import type { Address } from '../protocol/address.ts';
import { equalBytes, fromBase64, fromHex, type Random, randomBytes, toBase64, toHex } from '../protocol/bytes.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { readKeyBackup, sealKeyBackup } from '../protocol/key-backup.ts';
import {
  addressOfBundle,
  decodePrivateBundle,
  draftIdentity,
  encodePrivateBundle,
  finishIdentity,
  type PrivateBundle,
} from '../protocol/private-keys.ts';
import { publicPoint } from '../protocol/secp256k1.ts';
import { type Clock, systemClock } from '../protocol/time.ts';
import { enableIdentityText, readPastedSignature, recoverSigner, signText } from '../protocol/wallet-signature.ts';
import { KeystoreError } from './errors.ts';
import { readExportedKeys } from './exported-keys.ts';
import { blankDraft as blank, type Draft, type DraftStore, type Purpose, type Way } from './founding-draft.ts';
import { type Stage, stageOf } from './founding-stage.ts';
import type { NewAccount } from './new-account.ts';
import { generateWallet, readKey, readPhrase, type Wallet, walletOfEntropy, walletOfKey, walletsOfEntropy } from './wallet.ts';
import { createIdentity } from './wallet-identity.ts';

/** What somebody brings along. */
export type Start =
  | { readonly way: 'new'; readonly words: 12 | 24 }
  | { readonly way: 'phrase'; readonly phrase: string; readonly extraWord: string }
  | { readonly way: 'key'; readonly key: string }
  | { readonly way: 'bundle'; readonly bytes: Uint8Array }
  | { readonly way: 'external'; readonly address: Address };

export interface FoundingState {
  readonly id: string;
  readonly way: Way;
  readonly address: Address | null;
  /** The node that was asked; null: not yet. */
  readonly node: string | null;
  readonly stage: Stage;
}

/** An answer of a wallet, from wherever it came. */
export interface WalletAnswer {
  readonly nonce: string;
  /** Where it came from, as the browser knows it; null: pasted by hand. */
  readonly origin: string | null;
  readonly signature: string;
}

/** Why an answer is of no use: of another question, from another place, no signature, one for a contract, another wallet's, or one that was given before. */
export type SignatureFault =
  | { readonly why: 'stale' | 'wrong-origin' | 'malformed' | 'contract' | 'previous' }
  | { readonly why: 'wrong-signer'; readonly signer: Address };

export type Choice = 'older' | 'new-identity' | 'backup' | 'no-backup';

/** What is handed over in the end. */
export interface Founded {
  readonly account: NewAccount;
  readonly address: Address;
  /** Whether other keys of this wallet on the network give way. */
  readonly replaces: boolean;
}

/**
 * Makes a `NewAccount`, step by step, over deaths of the background. What it knows is a draft; every step reads it and writes the next one down before it
 * answers. Nothing is published from here, and nothing of a wallet's signature is used before it was verified.
 */
export class Founding {
  readonly #store: DraftStore;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(store: DraftStore, clock: Clock = systemClock, random: Random = randomBytes) {
    this.#store = store;
    this.#clock = clock;
    this.#random = random;
  }

  async state(): Promise<FoundingState | null> {
    const draft = await this.#store.read(this.#clock());
    return draft && stateOf(draft);
  }

  /** Begins anew; what was begun before is gone. @throws KeystoreError bad-secret, bad-bundle */
  async begin(start: Start): Promise<FoundingState> {
    await this.#store.delete();
    return this.#write({ ...blank, id: toHex(this.#random(8)), way: start.way, madeAt: this.#clock(), ...this.#startOf(start) });
  }

  drop(): Promise<void> {
    return this.#store.delete();
  }

  /** The accounts of a phrase at these paths. @throws KeystoreError no-founding, bad-path */
  async accounts(paths: readonly string[]): Promise<{ readonly path: string; readonly address: Address }[]> {
    const { entropy, extraWord } = await this.#phrase();
    return walletsOfEntropy(entropy, paths, extraWord).map((wallet) => {
      wallet.key.fill(0);
      return { path: wallet.path as string, address: wallet.address };
    });
  }

  /** Chooses one of them. @throws KeystoreError no-founding, bad-path */
  async choose(path: string): Promise<FoundingState> {
    const { draft, entropy, extraWord } = await this.#phrase();
    const { address, key, path: read } = walletOfEntropy(entropy, path, extraWord);
    // The key stands beside the words it follows from: deriving it again takes a tenth of a second at every step.
    const secret = draft.secret && { ...draft.secret, path: read, key: toBase64(key) };
    return this.#write({ ...blank, id: draft.id, way: draft.way, madeAt: draft.madeAt, secret, address });
  }

  /** Takes up what a node holds of this wallet: backups newest first, and the identity key of its contact. @throws KeystoreError no-founding */
  async found(node: string, backups: readonly Uint8Array[], contact: Uint8Array | null): Promise<FoundingState> {
    const draft = await this.#need();
    const readable = backups.filter(isBackup);
    const found = { node, entries: backups.length, backups: readable.map(toBase64), contact: contact && toBase64(contact) };
    // A node that is asked anew begins anew: what was settled by the answers of another one is settled no more.
    const keep = draft.way === 'bundle' ? { bundle: draft.bundle } : {};
    const fresh: Draft = {
      ...blank,
      id: draft.id,
      way: draft.way,
      madeAt: draft.madeAt,
      secret: draft.secret,
      address: draft.address,
      ...keep,
    };
    return this.#write(await this.#settle({ ...fresh, identity: draft.identity, past: draft.past, found, opening: readable.length > 0 }));
  }

  /** Opens a question to the wallet: one answer, from this place only. The one before is void. @throws KeystoreError no-founding, not-asked */
  async ask(
    origin: string | null,
  ): Promise<{ readonly nonce: string; readonly purpose: Purpose; readonly text: string; readonly address: Address }> {
    const draft = await this.#need();
    const stage = stageOf(draft);
    if (stage.step !== 'sign' || !draft.address) throw new KeystoreError('not-asked', 'nothing is to be signed now');
    const nonce = toHex(this.#random(16));
    await this.#write({ ...draft, asked: { nonce, origin } });
    return { nonce, purpose: stage.purpose, text: stage.text, address: draft.address };
  }

  /** Judges an answer, and goes on with it if it is what was asked for. @throws KeystoreError no-founding, not-asked */
  async answer({
    nonce,
    origin,
    signature,
  }: WalletAnswer): Promise<{ readonly state: FoundingState; readonly fault: SignatureFault | null }> {
    const draft = await this.#need();
    const stage = stageOf(draft);
    if (stage.step !== 'sign' || !draft.address) throw new KeystoreError('not-asked', 'nothing is to be signed now');
    if (draft.asked?.nonce !== nonce) return { state: stateOf(draft), fault: { why: 'stale' } };
    const read: Draft = { ...draft, asked: null };
    const fault: SignatureFault | null =
      draft.asked.origin === origin ? judge(signature, stage.text, draft.address, draft.past) : { why: 'wrong-origin' };
    if (fault) return { state: await this.#write(read), fault };
    const taken = await this.#take(read, stage.purpose, readPastedSignature(signature));
    const past = [...taken.past.filter((text) => text !== stage.text), stage.text].slice(-10);
    return { state: await this.#write({ ...taken, past }), fault: null };
  }

  /** Goes on in a way that somebody chose. @throws KeystoreError no-founding, not-asked where it is no choice */
  async decide(choice: Choice): Promise<FoundingState> {
    const draft = await this.#need();
    const stage = stageOf(draft);
    const stuck = stage.step === 'stuck' ? stage.why : null;
    if (choice === 'older' && stuck === 'backup-closed' && draft.way === 'external' && stage.step === 'stuck' && stage.older > 0)
      return this.#write({ ...draft, opening: true });
    if (choice === 'new-identity' && stuck && stuck !== 'signs-differently')
      return this.#write(await this.#settle({ ...draft, replaces: true }));
    if (choice === 'backup' && (stage.step === 'backup' || stuck === 'signs-differently')) {
      const enable = { preKey: toBase64(this.#random(32)), signature: null, differs: false };
      return this.#write({ ...draft, backup: 'wanted', enable });
    }
    const open = stage.step === 'backup' || stuck === 'signs-differently' || (stage.step === 'sign' && stage.purpose.startsWith('enable'));
    if (choice === 'no-backup' && open) return this.#write({ ...draft, backup: 'none', enable: null, asked: null });
    throw new KeystoreError('not-asked', 'this is no choice now');
  }

  /** The account, complete. The draft stays until `drop`. @throws KeystoreError no-founding, not-asked when something is lacking */
  async finished(): Promise<Founded> {
    const draft = await this.#need();
    const { bundle: encoded, address, way, replaces } = draft;
    if (stageOf(draft).step !== 'ready' || !encoded || !address) throw new KeystoreError('not-asked', 'the account is not complete yet');
    const bundle = decodePrivateBundle(fromBase64(encoded));
    const kind = way === 'new' ? 'phrase' : way;
    const seal = draft.seal && { walletPreKey: fromBase64(draft.seal.preKey), signature: fromBase64(draft.seal.signature) };
    return { account: { kind, wallet: walletOf(draft), bundle, seal, phraseSaved: way !== 'new' }, address, replaces };
  }

  #startOf(start: Start): Partial<Draft> {
    if (start.way === 'external') return { address: start.address };
    if (start.way === 'bundle') {
      const bundle = readExportedKeys(start.bytes);
      return { address: addressOfBundle(bundle), bundle: toBase64(encodePrivateBundle(bundle)) };
    }
    if (start.way === 'phrase') {
      const entropy = toBase64(readPhrase(start.phrase));
      return { secret: { entropy, extraWord: start.extraWord, path: null, key: null } };
    }
    const wallet = start.way === 'new' ? generateWallet(this.#random, start.words) : readKey(start.key);
    const entropy = wallet.entropy && toBase64(wallet.entropy);
    const secret = { entropy, extraWord: '', path: wallet.path, key: toBase64(wallet.key) };
    const bundle = start.way === 'new' ? { bundle: this.#identityOf(wallet) } : {};
    return { address: wallet.address, secret, ...bundle };
  }

  /** What follows without asking anybody: a wallet in our hands opens its backups, or vouches for new keys; one outside gets keys to vouch for. */
  async #settle(draft: Draft): Promise<Draft> {
    if (draft.bundle !== null || !draft.found) return draft;
    const stage = stageOf(draft);
    if (draft.way === 'external') {
      if (stage.step !== 'sign' || stage.purpose !== 'create' || draft.identity) return draft;
      const { secret, timestampMs } = draftIdentity(this.#clock, this.#random).draft;
      return { ...draft, identity: { secret: toBase64(secret), timestampMs } };
    }
    const wallet = walletOf(draft);
    if (!wallet) return draft;
    const { backups, entries, contact } = draft.found;
    const opened = draft.replaces ? null : await openOne(wallet, backups, contact);
    if (opened) return { ...draft, bundle: toBase64(encodePrivateBundle(opened)), restored: true };
    if (!draft.replaces && (entries > 0 || contact !== null)) return draft;
    return { ...draft, bundle: this.#identityOf(wallet) };
  }

  #identityOf(wallet: Wallet): string {
    return toBase64(encodePrivateBundle(createIdentity(wallet, this.#clock, this.#random)));
  }

  /** Makes use of a signature that is what was asked for. */
  async #take(draft: Draft, purpose: Purpose, signature: Uint8Array): Promise<Draft> {
    const address = draft.address as Address;
    if (purpose === 'create' && draft.identity) {
      const { timestampMs } = draft.identity;
      const secret = fromBase64(draft.identity.secret);
      const identity = { secret, point: publicPoint(secret), timestampMs };
      const bundle = finishIdentity(identity, signature, address, this.#clock, this.#random);
      return { ...draft, identity: null, bundle: toBase64(encodePrivateBundle(bundle)) };
    }
    if (purpose === 'open') {
      const backup = readKeyBackup(fromBase64(draft.found?.backups[draft.tried] as string));
      try {
        const bundle = await backup.open(signature, address);
        const seal = { preKey: toBase64(backup.walletPreKey), signature: toBase64(signature) };
        return { ...draft, opening: false, bundle: toBase64(encodePrivateBundle(bundle)), restored: true, seal };
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
        return { ...draft, opening: false, tried: draft.tried + 1 };
      }
    }
    const { enable } = draft;
    if (!enable) throw new KeystoreError('not-asked', 'no backup is being sealed');
    if (enable.signature === null) return { ...draft, enable: { ...enable, signature: toHex(signature) } };
    // The secret of a backup is the signature itself: a wallet that signs differently each time could never open it again.
    if (!equalBytes(fromHex(enable.signature), signature)) return { ...draft, enable: { ...enable, differs: true } };
    const bundle = decodePrivateBundle(fromBase64(draft.bundle as string));
    const sealed = await sealKeyBackup(bundle, fromBase64(enable.preKey), signature, this.#random);
    await readKeyBackup(sealed).open(signature, address); // what cannot be opened again must not be trusted with keys
    return { ...draft, enable: null, seal: { preKey: enable.preKey, signature: toBase64(signature) } };
  }

  async #phrase(): Promise<{ readonly draft: Draft; readonly entropy: Uint8Array; readonly extraWord: string }> {
    const draft = await this.#need();
    if (draft.way !== 'phrase' || !draft.secret?.entropy) throw new KeystoreError('not-asked', 'there is no phrase to choose from');
    return { draft, entropy: fromBase64(draft.secret.entropy), extraWord: draft.secret.extraWord };
  }

  async #need(): Promise<Draft> {
    const draft = await this.#store.read(this.#clock());
    if (!draft) throw new KeystoreError('no-founding', 'no account is being made');
    return draft;
  }

  async #write(draft: Draft): Promise<FoundingState> {
    await this.#store.write(draft);
    return stateOf(draft);
  }
}

const stateOf = (draft: Draft): FoundingState => ({
  id: draft.id,
  way: draft.way,
  address: draft.address,
  node: draft.found?.node ?? null,
  stage: stageOf(draft),
});

/** Why a signature is of no use; null when it is the wallet's, over this very text. */
function judge(signature: string, text: string, address: Address, past: readonly string[]): SignatureFault | null {
  let bytes: Uint8Array;
  let signer: Address;
  try {
    bytes = readPastedSignature(signature);
    signer = recoverSigner(text, bytes);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return { why: error.reason === 'too-large' ? 'contract' : 'malformed' };
  }
  if (signer === address) return null;
  // Some wallets hand out the signature of the time before.
  const previous = past.some((other) => other !== text && recoverSigner(other, bytes) === address);
  return previous ? { why: 'previous' } : { why: 'wrong-signer', signer };
}

function isBackup(bytes: Uint8Array): boolean {
  try {
    readKeyBackup(bytes);
    return true;
  } catch {
    return false;
  }
}

/** The identity in the newest backup that a wallet in our hands opens; one that the contact shows goes before any other. */
async function openOne(wallet: Wallet, backups: readonly string[], contact: string | null): Promise<PrivateBundle | null> {
  let newest: PrivateBundle | null = null;
  for (const encoded of backups) {
    try {
      const backup = readKeyBackup(fromBase64(encoded));
      const bundle = await backup.open(signText(enableIdentityText(backup.walletPreKey), wallet.key), wallet.address);
      if (contact === null || equalBytes(fromBase64(contact), bundle.identity.point)) return bundle;
      newest ??= bundle;
    } catch (error) {
      // An entry that does not open says nothing of the older ones.
      if (!(error instanceof ProtocolError)) throw error;
    }
  }
  return newest;
}

function walletOf({ secret }: Draft): Wallet | null {
  if (!secret || secret.key === null) return null;
  const entropy = secret.entropy === null ? null : fromBase64(secret.entropy);
  return walletOfKey(fromBase64(secret.key), entropy, secret.path, secret.extraWord !== '');
}
