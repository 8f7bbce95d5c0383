import type { AccountKeys } from '../../keystore/account-keys.ts';
import type { Address } from '../../protocol/address.ts';
import { encodeContact, verifyContact } from '../../protocol/contact-bundle.ts';
import type { VerifiedBundle } from '../../protocol/public-keys.ts';
import type { KeyEvent } from '../../rpc/views/safety.ts';
import type { Records } from '../../storage/records.ts';
import { createExclusive } from '../exclusive.ts';

/** What is known of the keys of a peer, and what a person said of them. Nothing of it can be had from the network again. */
export interface Pin {
  /** The identity that was known first, or that a person took up since, with its newest pre-key. */
  readonly bundle: VerifiedBundle;
  /** When this identity was first seen here, ms. */
  readonly firstSeenAt: number;
  /** When the node was last asked, ms; 0: never. */
  readonly checkedAt: number;
  /** The node showed nothing but older pre-keys of this identity. */
  readonly older: boolean;
  /** Keys of another identity that the same wallet signed: nobody writes with them until a person says so. */
  readonly other: VerifiedBundle | null;
  /** Identity keys (hex) that another took the place of: to meet them in old invitations is no news. */
  readonly former: readonly string[];
  /** That the safety number was compared, with which identity key of ours (hex). */
  readonly verified: { readonly at: number; readonly own: string } | null;
  /** Oldest first. */
  readonly events: readonly KeyEvent[];
}

/** A pin as bytes and plain values: sealed on the disk, and in a backup file. What the bytes say is verified again whenever they are read. */
export interface PackedPin extends Omit<Pin, 'bundle' | 'other'> {
  readonly peer: Address;
  readonly contact: Uint8Array;
  readonly other: Uint8Array | null;
}

export const packPin = ({ bundle, other, ...rest }: Pin): PackedPin => ({
  ...rest,
  peer: bundle.address,
  contact: encodeContact(bundle, 2),
  other: other && encodeContact(other, 2),
});

/** @throws ProtocolError when the keys are not the peer's */
export const unpackPin = ({ peer, contact, other, ...rest }: PackedPin): Pin => ({
  ...rest,
  bundle: verifyContact(contact, peer),
  other: other && verifyContact(other, peer),
});

/** What is shown of a pin wherever its peer appears: no key of it is used, so none is verified for it. */
export interface PinFacts extends Omit<Pin, 'bundle' | 'other' | 'former'> {
  /** Whether keys of another identity wait to be accepted. */
  readonly other: boolean;
}

export interface Pins {
  get(address: Address): Promise<Pin | null>;
  /** Without its keys: nothing is verified, which would take longer than all else of opening a conversation. */
  facts(address: Address): Promise<PinFacts | null>;
  /** Changes what is known at present, which may be nothing. `firmly`: resolves when it is on the disk. Answers the pin as it is now. */
  change(address: Address, next: (pin: Pin | null) => Pin | null, firmly?: boolean): Promise<Pin | null>;
  all(): Promise<Pin[]>;
}

interface Deps {
  /** Each account has pins of its own. */
  readonly account: Address;
  readonly keystore: Pick<AccountKeys, 'blind' | 'sealRecord' | 'openRecord'>;
  readonly table: Records['pins'];
}

const store = 'pins';

export function createPins({ account, keystore, table }: Deps): Pins {
  const memory = new Map<Address, Pin>();
  const facts = new Map<Address, PinFacts>();
  const saving = createExclusive();
  let unsaved = { addresses: new Set<Address>(), firmly: false };
  /** What writes them. */
  let saved: Promise<void> | undefined;
  const keyOf = async (address: Address): Promise<string> => `${await ofAccount()} ${await keystore.blind(store, `${account} ${address}`)}`;
  let prefix: Promise<string> | undefined;
  const ofAccount = (): Promise<string> => {
    prefix ??= keystore.blind(store, account);
    return prefix;
  };

  const open = async (key: string, sealed: Uint8Array): Promise<Pin> =>
    unpackPin((await keystore.openRecord(store, key, sealed)) as PackedPin);

  const remember = (address: Address, pin: Pin): void => {
    memory.set(address, pin);
    facts.set(address, factsOf(pin));
  };

  const get = async (address: Address): Promise<Pin | null> => {
    const remembered = memory.get(address);
    if (remembered) return remembered;
    const key = await keyOf(address);
    const sealed = await table.get(key);
    const pin = sealed ? await open(key, sealed) : null;
    // Somebody may have been here meanwhile, and further.
    const now = memory.get(address) ?? pin;
    if (now) remember(address, now);
    return now;
  };

  /** All that changed since the last time, as it is when its turn comes: writes never overtake each other. */
  const saveAll = async (): Promise<void> => {
    const { addresses, firmly } = unsaved;
    unsaved = { addresses: new Set(), firmly: false };
    saved = undefined;
    const rows = [...addresses].map(async (address) => {
      const key = await keyOf(address);
      return [key, await keystore.sealRecord(store, key, packPin(memory.get(address) as Pin))] as const;
    });
    await table.putAll(await Promise.all(rows), firmly);
  };

  const save = (address: Address, firmly: boolean): Promise<void> => {
    unsaved.addresses.add(address);
    unsaved.firmly ||= firmly;
    saved ??= saving(saveAll);
    return saved;
  };

  return {
    get,
    async facts(address) {
      const known = facts.get(address);
      if (known) return known;
      const key = await keyOf(address);
      const sealed = await table.get(key);
      const read = sealed ? factsOf((await keystore.openRecord(store, key, sealed)) as PackedPin) : null;
      // Somebody may have been here meanwhile, and further.
      const now = facts.get(address) ?? read;
      if (now) facts.set(address, now);
      return now;
    },
    async change(address, next, firmly = false) {
      await get(address);
      const before = memory.get(address) ?? null;
      const pin = next(before);
      if (!pin || pin === before) return before;
      remember(address, pin);
      await save(address, firmly);
      return pin;
    },
    async all() {
      const mine = await ofAccount();
      const stored = (await table.all()).filter(([key]) => key.startsWith(`${mine} `));
      for (const [key, sealed] of stored) {
        const pin = await open(key, sealed);
        if (!memory.has(pin.bundle.address)) remember(pin.bundle.address, pin);
      }
      return [...memory.values()];
    },
  };
}

const factsOf = ({ firstSeenAt, checkedAt, older, other, verified, events }: Pin | PackedPin): PinFacts => ({
  firstSeenAt,
  checkedAt,
  older,
  other: other !== null,
  verified,
  events,
});
