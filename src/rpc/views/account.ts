import type { LanguageSetting } from '../../words/languages.ts';

export type { LanguageSetting } from '../../words/languages.ts';

/** EIP-55 form. */
export type Address = `0x${string}`;

export interface Status {
  /** `welcome`: no account yet; `locked`: a vault and no keys; `ready`: unlocked. */
  readonly phase: 'welcome' | 'locked' | 'ready';
  /** The account that is open, or that unlocking will open. */
  readonly account: {
    readonly address: Address;
    readonly phraseSaved: boolean;
  } | null;
  /** All of them, in the order in which they came. */
  readonly accounts: readonly AccountView[];
  /** Set while wrong passphrases slow the next try down (milliseconds since 1970). */
  readonly nextUnlockAt: number | null;
  readonly failedUnlocks: number;
  readonly node: NodeState;
  /** That the browser had lost everything but the keys, or went back to an older state; null: it has not, or somebody was told. */
  readonly loss: Loss | null;
  /** Whose keys were in this browser and are lost, as far as that is known; null: nobody's, or there are keys again. */
  readonly lostAccounts: readonly Address[] | null;
  /** Whether these keys are there, and damaged in both places where they lie. */
  readonly keysDamaged: boolean;
  /** What keeps messages that come from being kept here; null: nothing. */
  readonly disk: DiskTrouble | null;
  /** Whether a node lacks what others have, or shows keys from before. */
  readonly nodeDoubt: boolean;
  /** Questions of sites that wait for an answer. */
  readonly prompts: number;
  /** Messages not read yet, over all conversations of the inbox; 0 while locked. */
  readonly unread: number;
  /** Whether the account can be had again without this browser, as far as we know: its phrase is on paper, or a backup file was made. */
  readonly backedUp: boolean;
  /** Conversations of people nobody has decided about; 0 while locked. */
  readonly requests: number;
  /** False until contact and key backup of a new account have reached the node. */
  readonly published: boolean;
  readonly theme: Theme;
  readonly language: LanguageSetting;
  /** The RPC server that is asked for names of Ethereum (ENS); null: nobody is asked. */
  readonly ensRpc: string | null;
}

/** What a browser has lost of what is kept in it. */
export interface Loss {
  /** When that was noticed, ms. */
  readonly at: number;
  /** Of when the older state is that came in the place of the present one, ms; null: all of it was lost. */
  readonly from: number | null;
}

/** An account as its owner sees it. */
export interface AccountView {
  readonly address: Address;
  /** Empty: none was given. Empty while locked, as the colour is null and nothing unread. */
  readonly name: string;
  /** By its place among the colours to choose from; null: none was chosen. */
  readonly color: number | null;
  /** Messages not read yet in its inbox. */
  readonly unread: number;
}

/** How many colours there are to choose from. */
export const accountColors = 8;

export const longestAccountName = 40;

/** What a notification of the system shows: none at all, that there is news, from whom, and what. */
export type NotificationLevel = 'off' | 'nothing' | 'name' | 'text';

export type Theme = 'system' | 'light' | 'dark' | 'contrast';

/** `failed`: it answers with errors. `limited`: it asks us to slow down. `wrong`: what answers is no node. `clock`: one of the two clocks is off. */
export type NodeTrouble = 'unreachable' | 'failed' | 'limited' | 'wrong' | 'unauthorised' | 'clock';

/** `full`: there is no room. `failed`: the browser does not write, whatever the reason. */
export type DiskTrouble = 'full' | 'failed';

export interface NodeState {
  readonly url: string;
  /** `idle`: locked or not asked yet. `clock`: this machine's clock is off by more than 10 minutes. `wrong`: something answers that is no node. */
  readonly state: 'idle' | 'syncing' | 'connected' | 'offline' | 'wrong' | 'clock' | 'unauthorised';
  /** What is wrong with it. */
  readonly trouble: NodeTrouble | null;
  /** The node's clock minus ours, milliseconds; 0 while nobody knows. */
  readonly skew: number;
  /** The node that was chosen and does not answer, while this one steps in. */
  readonly standsInFor: string | null;
  /** Envelopes still to be read in a catch-up under way, when known. */
  readonly remaining: number | null;
}
