import type { Address } from '../protocol/address.ts';
import { createAuthToken } from '../protocol/auth-token.ts';
import { equalBytes, type Random, toHex } from '../protocol/bytes.ts';
import { type ConsentEntry, openConsent } from '../protocol/consent.ts';
import { encodeContact } from '../protocol/contact-bundle.ts';
import type { Envelope } from '../protocol/envelope.ts';
import { ProtocolError } from '../protocol/errors.ts';
import {
  createGroup,
  extendGroup,
  groupInvitation,
  type KeyedGroup,
  readGroup,
  readGroupInvitation,
  succeedGroup,
} from '../protocol/group.ts';
import { sha256 } from '../protocol/hash.ts';
import { deriveInvitation, type InvitationContext, openInvitation, sealInvitation } from '../protocol/invitation.ts';
import { readKeyBackup, sealKeyBackup } from '../protocol/key-backup.ts';
import { type OpenedMessage, openMessage, sealMessage } from '../protocol/message.ts';
import { openMessages } from '../protocol/message-batch.ts';
import { type ConsentAction, encodeAction, preferencesIdentifier, sealToSelf } from '../protocol/preferences.ts';
import { addressOfBundle, mergePreKeys, type PrivateBundle, publicBundle, rotatePreKey } from '../protocol/private-keys.ts';
import type { VerifiedBundle } from '../protocol/public-keys.ts';
import type { Clock } from '../protocol/time.ts';
import { preferencesTopic } from '../protocol/topic.ts';
import { Calls } from './calls.ts';
import { KeystoreError } from './errors.ts';
import type { Held, KeystoreGroup, KeystoreInvitation, MessageToOpen, MessageToSeal, Rekeyed, SealedKey } from './identity-types.ts';
import type { NewAccount } from './new-account.ts';
import { openExport, sealExport } from './sealed-export.ts';
import type { SealedRecords } from './sealed-records.ts';
import type { AccountSecrets } from './vault-body.ts';
import { phraseOf, privateKeyOf, type Wallet } from './wallet.ts';
import { type BackupSeal, createIdentity, openBackups, signatureFor } from './wallet-identity.ts';

const tokenLife = 55 * 60_000;
const keyStore = 'conversation-key';

/** Wallet and identity while the keystore is open, and what they answer. The keystore makes one at unlocking and clears it at the lock. */
export class Identity {
  readonly #wallet: Wallet | null;
  readonly #seal: BackupSeal | null;
  readonly #address: Address;
  #bundle: PrivateBundle;
  /** Identities of this wallet before the present one: what was said to them stays readable. */
  #former: readonly PrivateBundle[];
  #formerTopics: { readonly of: readonly PrivateBundle[]; readonly topics: Promise<readonly string[]> } | null = null;
  readonly #records: SealedRecords;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #calls = new Calls();
  #cleared = false;
  #token: { readonly text: string; readonly madeAt: number } | null = null;

  constructor({ wallet, bundle, former, seal }: AccountSecrets, records: SealedRecords, clock: Clock, random: Random) {
    this.#wallet = wallet;
    this.#seal = seal;
    this.#address = addressOfBundle(bundle);
    this.#bundle = bundle;
    this.#former = former;
    this.#records = records;
    this.#clock = clock;
    this.#random = random;
  }

  address(): Address {
    return this.#address;
  }

  held(): Held {
    if (!this.#wallet) return 'none';
    return this.#wallet.entropy ? 'phrase' : 'key';
  }

  sealsBackups(): boolean {
    return this.#wallet !== null || this.#seal !== null;
  }

  publicBundle(): VerifiedBundle {
    return publicBundle(this.#bundle);
  }

  secret(): { readonly phrase: string | null; readonly privateKey: string } {
    const wallet = this.#held();
    return { phrase: phraseOf(wallet), privateKey: privateKeyOf(wallet) };
  }

  authToken(now: number): string {
    if (!this.#token || Math.abs(now - this.#token.madeAt) > tokenLife)
      this.#token = { text: createAuthToken(this.#bundle, () => now), madeAt: now };
    return this.#token.text;
  }

  renewToken(): void {
    this.#token = null;
  }

  contactMessages(): readonly [Uint8Array, Uint8Array] {
    const bundle = this.publicBundle();
    return [encodeContact(bundle, 1), encodeContact(bundle, 2)];
  }

  async keyBackup(): Promise<Uint8Array> {
    const walletPreKey = this.#wallet || !this.#seal ? this.#random(32) : this.#seal.walletPreKey;
    const signature = signatureFor(this.#wallet, this.#seal)(walletPreKey);
    if (!signature) throw new KeystoreError('no-wallet', 'nothing here can seal a backup of this wallet');
    const sealed = await sealKeyBackup(this.#bundle, walletPreKey, signature, this.#random);
    // What cannot be opened again must not be published.
    await readKeyBackup(sealed).open(signature, this.#address);
    return sealed;
  }

  /** With a new pre-key in front (SPEC 3.8); `take` makes it ours once it is written. */
  rotated(): Rekeyed {
    return this.#rekeyed(rotatePreKey(this.#bundle, this.#clock, this.#random));
  }

  /** The same with the pre-keys that backups of this identity have and we do not; null when there are none. */
  async joined(backups: readonly Uint8Array[]): Promise<Rekeyed | null> {
    let bundle = this.#bundle;
    let former = this.#former;
    for (const bytes of backups) {
      const found = await this.#openBackups([bytes]);
      if (!found) continue;
      if (isOf(found, bundle)) bundle = mergePreKeys(bundle, found);
      // Another identity that this wallet has sealed: of before, or of another program.
      else if (!former.some((each) => isOf(found, each))) former = [...former, found];
    }
    return bundle === this.#bundle && former === this.#former ? null : this.#rekeyed(bundle, former);
  }

  /** With a new identity in the place of this one, which is kept for what was said to it. @throws KeystoreError no-wallet */
  renewed(): Rekeyed {
    const bundle = createIdentity(this.#held(), this.#clock, this.#random);
    return this.#rekeyed(bundle, [this.#bundle, ...this.#former]);
  }

  /** Whether this identity key is ours, or was. */
  wasMine(identityKey: Uint8Array): boolean {
    return [this.#bundle, ...this.#former].some(({ identity }) => equalBytes(identity.point, identityKey));
  }

  /** Whether a backup opens and lacks none of our pre-keys. */
  async isBackedUpBy(backup: Uint8Array): Promise<boolean> {
    const found = await this.#openBackups([backup]);
    return found !== null && this.#bundle.preKeys.every(({ point }) => found.preKeys.some((other) => equalBytes(other.point, point)));
  }

  async opens(backup: Uint8Array): Promise<boolean> {
    return (await this.#openBackups([backup])) !== null;
  }

  /** How many pre-keys there are, and when the newest was made (milliseconds). */
  preKeys(): { readonly count: number; readonly newestMs: number } {
    return { count: this.#bundle.preKeys.length, newestMs: this.publicBundle().preKeyCreatedMs };
  }

  /** @throws KeystoreError no-wallet when the wallet is outside */
  #held(): Wallet {
    if (!this.#wallet) throw new KeystoreError('no-wallet', 'the wallet of this account is not in Parley');
    return this.#wallet;
  }

  async #openBackups(backups: readonly Uint8Array[]): Promise<PrivateBundle | null> {
    return openBackups(signatureFor(this.#wallet, this.#seal), this.#address, backups);
  }

  #rekeyed(bundle: PrivateBundle, former = this.#former): Rekeyed {
    this.#check();
    return {
      secrets: { wallet: this.#wallet, bundle, former, seal: this.#seal },
      take: () => {
        this.#bundle = bundle;
        this.#former = former;
        this.#token = null;
      },
    };
  }

  /** What was cleared must not be written down as keys. */
  #check(): void {
    if (this.#cleared) throw new KeystoreError('locked', 'Parley is locked');
  }

  /** What the vault keeps of it. @throws KeystoreError locked */
  secrets(): AccountSecrets {
    this.#check();
    return { wallet: this.#wallet, bundle: this.#bundle, former: this.#former, seal: this.#seal };
  }

  /** The account as a backup file keeps it. */
  account(phraseSaved: boolean): NewAccount {
    const held = this.held();
    const kind = held === 'none' ? 'external' : held;
    return { kind, wallet: this.#wallet, bundle: this.#bundle, former: this.#former, seal: this.#seal, phraseSaved };
  }

  /** The same with the pre-keys of other keys of this very identity; null when there are none. */
  joinedWith(other: PrivateBundle): Rekeyed | null {
    const bundle = mergePreKeys(this.#bundle, other);
    return bundle === this.#bundle ? null : this.#rekeyed(bundle);
  }

  /** The keys of conversations as a backup file keeps them. */
  async openKeys(sealed: readonly { readonly topic: string; readonly key: SealedKey }[]): Promise<Uint8Array[]> {
    return Promise.all(sealed.map(({ topic, key }) => this.#openKey(topic, key)));
  }

  /** The other way round; `identityKey`: whose conversation it is with, a group's creator's. */
  async sealKeys(
    keys: readonly { readonly topic: string; readonly key: Uint8Array; readonly identityKey: Uint8Array }[],
  ): Promise<{ readonly key: SealedKey; readonly binding: string }[]> {
    return Promise.all(
      keys.map(async ({ topic, key, identityKey }) => ({
        key: await this.#sealKey(topic, key),
        binding: await this.#nameBinding(topic, key, { identityKey }),
      })),
    );
  }

  /** The keys of conversations, sealed beside an export with this digest. */
  async sealExport(digest: Uint8Array, conversations: readonly { readonly topic: string; readonly key: SealedKey }[]): Promise<Uint8Array> {
    return sealExport(this.#bundle.identity, digest, await this.openKeys(conversations), this.#random);
  }

  /** @throws KeystoreError backup-foreign */
  async openExport(digest: Uint8Array, sealed: Uint8Array): Promise<Uint8Array[]> {
    return openExport(
      [this.#bundle, ...this.#former].map(({ identity }) => identity),
      digest,
      sealed,
    );
  }

  async createInvitation(
    peer: VerifiedBundle,
    context: InvitationContext | undefined,
    createdNs: bigint,
  ): Promise<{ readonly topic: string; readonly sealed: Uint8Array; readonly key: SealedKey; readonly binding: string }> {
    const invitation = await deriveInvitation(this.#bundle, peer, context);
    const sealed = await sealInvitation(this.#bundle, peer, invitation, createdNs, this.#random);
    const keyMaterial = invitation.encryption.value?.keyMaterial ?? new Uint8Array(0);
    const { topic } = invitation;
    return { topic, sealed, key: await this.#sealKey(topic, keyMaterial), binding: await this.#nameBinding(topic, keyMaterial, peer) };
  }

  async openInvitation(envelope: { readonly timestampNs: bigint; readonly message: Uint8Array }): Promise<KeystoreInvitation> {
    const { bundle, invitation } = await this.#openByOne(envelope);
    const { keyMaterial, ...opened } = invitation;
    const { topic, peerBundle } = opened;
    const me = publicBundle(bundle);
    const group = readGroupInvitation(invitation, me);
    // A group is bound to its creator: each of its invitations says the same.
    const binding = await this.#nameBinding(topic, keyMaterial, group && opened.sentByMe ? me : peerBundle);
    const former = bundle !== this.#bundle;
    return { ...opened, ...(group && { group }), key: await this.#sealKey(topic, keyMaterial), binding, former };
  }

  /** By the present identity, else by one before it. */
  async #openByOne(envelope: { readonly timestampNs: bigint; readonly message: Uint8Array }) {
    try {
      return { bundle: this.#bundle, invitation: await openInvitation(this.#bundle, envelope) };
    } catch (error) {
      for (const bundle of error instanceof ProtocolError ? this.#former : []) {
        const invitation = await openInvitation(bundle, envelope).catch((other: unknown) => {
          if (!(other instanceof ProtocolError)) throw other;
        });
        if (invitation) return { bundle, invitation };
      }
      throw error;
    }
  }

  async createGroup(members: readonly VerifiedBundle[], title: string, createdNs: bigint): Promise<KeystoreGroup> {
    const addresses = members.map(({ address }) => address);
    return this.#groupOf(createGroup(this.#bundle, { members: addresses, title }, this.#random), members, createdNs);
  }

  async extendGroup(
    held: { readonly bytes: Uint8Array; readonly key: SealedKey },
    change: { readonly add: readonly VerifiedBundle[]; readonly title?: string },
    createdNs: bigint,
  ): Promise<KeystoreGroup> {
    const before = readGroup(held.bytes);
    const { add, title } = change;
    const group = extendGroup(this.#bundle, before, { add: add.map(({ address }) => address), ...(title !== undefined && { title }) });
    return this.#groupOf({ group, keyMaterial: await this.#openKey(group.topic, held.key) }, add, createdNs);
  }

  async succeedGroup(
    bytes: Uint8Array,
    remove: readonly Address[],
    stay: readonly VerifiedBundle[],
    createdNs: bigint,
  ): Promise<KeystoreGroup> {
    return this.#groupOf(succeedGroup(this.#bundle, readGroup(bytes), { remove }, this.#random), stay, createdNs);
  }

  /** Seals the invitation to each; `sealed` is in their order. */
  async #groupOf(keyed: KeyedGroup, invited: readonly VerifiedBundle[], createdNs: bigint): Promise<KeystoreGroup> {
    const { group, keyMaterial } = keyed;
    const invitation = groupInvitation(keyed);
    const sealed: Uint8Array[] = [];
    for (const peer of invited) sealed.push(await sealInvitation(this.#bundle, peer, invitation, createdNs, this.#random));
    const binding = await this.#nameBinding(group.topic, keyMaterial, this.publicBundle());
    return { group, sealed, key: await this.#sealKey(group.topic, keyMaterial), binding };
  }

  async preferencesTopic(): Promise<string> {
    return preferencesTopic(await preferencesIdentifier(this.#bundle.identity));
  }

  /** Where identities of this wallet before the present one left their decisions. */
  formerPreferencesTopics(): Promise<readonly string[]> {
    const former = this.#former;
    if (this.#formerTopics?.of !== former) {
      const topics = Promise.all(former.map(async ({ identity }) => preferencesTopic(await preferencesIdentifier(identity))));
      this.#formerTopics = { of: former, topics };
    }
    return this.#formerTopics.topics;
  }

  sealConsent(action: ConsentAction): Promise<Uint8Array> {
    return sealToSelf(this.#bundle.identity, encodeAction(action), this.#random);
  }

  async openConsent(envelope: Envelope): Promise<ConsentEntry> {
    const former = (await this.formerPreferencesTopics()).indexOf(envelope.contentTopic);
    return openConsent((this.#former[former] ?? this.#bundle).identity, envelope);
  }

  async sealMessage({ key, ...message }: MessageToSeal): Promise<{ readonly message: Uint8Array; readonly id: string }> {
    const keyMaterial = await this.#openKey(message.topic, key);
    return sealMessage({ ...message, keyMaterial, bundle: this.#bundle, clock: this.#clock, random: this.#random });
  }

  async openMessage({ key, peer, members = [this.address(), peer], ...message }: MessageToOpen): Promise<OpenedMessage> {
    return openMessage({ ...message, keyMaterial: await this.#openKey(message.topic, key), members });
  }

  async openMessages(messages: readonly MessageToOpen[]): Promise<PromiseSettledResult<OpenedMessage>[]> {
    const keys = new Map<SealedKey, Promise<Uint8Array>>();
    const received = await Promise.allSettled(
      messages.map(async ({ key, peer, members = [this.address(), peer], ...message }) => {
        const opening = keys.get(key) ?? this.#openKey(message.topic, key);
        keys.set(key, opening);
        return { ...message, keyMaterial: await opening, members };
      }),
    );
    const opened = (await openMessages(received.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : [])))).values();
    return received.map((each) => (each.status === 'fulfilled' ? (opened.next().value as PromiseSettledResult<OpenedMessage>) : each));
  }

  /** Answers a call of the keystore API for somebody outside. @throws KeystoreCallError */
  answerCall(asker: string, method: string, request: Uint8Array | null): Promise<Uint8Array> {
    return this.#calls.answer({ bundle: this.#bundle, clock: this.#clock, random: this.#random }, asker, method, request);
  }

  forgetCalls(asker: string): void {
    this.#calls.forget(asker);
  }

  clear(): void {
    this.#cleared = true;
    this.#calls.clear();
    this.#wallet?.key.fill(0);
    this.#seal?.signature.fill(0);
    this.#token = null;
  }

  #nameBinding(topic: string, keyMaterial: Uint8Array, { identityKey }: Pick<VerifiedBundle, 'identityKey'>): Promise<string> {
    return this.#records.blind('conversations', `${topic} ${toHex(sha256(keyMaterial))} ${toHex(identityKey)}`);
  }

  async #sealKey(topic: string, keyMaterial: Uint8Array): Promise<SealedKey> {
    return (await this.#records.seal(keyStore, topic, keyMaterial)) as SealedKey;
  }

  async #openKey(topic: string, key: SealedKey): Promise<Uint8Array> {
    return (await this.#records.open(keyStore, topic, key)) as Uint8Array;
  }
}

const isOf = (one: PrivateBundle, other: PrivateBundle): boolean => equalBytes(one.identity.point, other.identity.point);
