import type { Address } from './account.ts';

/** What is in a backup file, as a check or a reading in tells it. */
export interface BackupReport {
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly accounts: readonly BackupAccount[];
}

export interface BackupAccount {
  readonly address: Address;
  /**
   * `new`: is not here yet, and would be taken up; `same`: is here, and would be added to; `other-keys`: is here with another identity.
   */
  readonly here: 'new' | 'same' | 'other-keys';
  readonly peers: number;
  readonly conversations: number;
  readonly messages: number;
}

/** What a backup file has brought. */
export interface Restored {
  readonly address: Address;
  /** Whether there were pre-keys that this browser did not have. */
  readonly preKeys: boolean;
  /** Peers of whose keys there was news. */
  readonly peers: number;
  readonly messages: number;
  /** Accounts that were not taken up. */
  readonly left: readonly Address[];
}

/** What came of reading an export in. */
export interface ImportReport {
  readonly exportedAt: number;
  /** In the file. */
  readonly conversations: number;
  readonly messages: number;
  /** Messages that were not here. */
  readonly added: number;
}

/** What another node has of one topic. */
export interface NodeImportTopic {
  readonly topic: string;
  readonly kind: 'keys' | 'choices' | 'invitations' | 'conversation';
  /** Our own id of the conversation. */
  readonly conversation: string | null;
  readonly found: number;
  /** Of these, what was not here. */
  readonly added: number;
  /** Of these, what does not open. */
  readonly unread: number;
}

/** Taking in what another node has. */
export interface NodeImport {
  readonly account: Address;
  readonly url: string;
  readonly phase: 'running' | 'done' | 'stopped' | 'failed';
  /** Why it failed. What had come until then is here. */
  readonly failure: 'unreachable' | 'wrong' | 'unauthorised' | 'refused' | 'limited' | 'failed' | 'fault' | null;
  readonly topics: readonly NodeImportTopic[];
}
