import type { Random } from '../protocol/bytes.ts';
import { keystoreCode } from '../protocol/keystore-call.ts';
import type { PrivateBundle } from '../protocol/private-keys.ts';
import type { Clock } from '../protocol/time.ts';
import { answerKeystoreCall, KeystoreCallError } from './keystore-api.ts';
import { emptyMemory, type KeystoreMemory } from './keystore-memory.ts';

/** Conversations that calls of one asker may leave behind. */
const mostRemembered = 100_000;
/** The private keys stay inside, and of them only the newest pre-key signs what it is given. */
const policy = { newestPreKeyOnly: true };

/** The keystore API for those outside, with what the calls of each have left behind. */
export class Calls {
  readonly #memories = new Map<string, KeystoreMemory>();

  /** @throws KeystoreCallError */
  async answer(
    keys: { readonly bundle: PrivateBundle; readonly clock: Clock; readonly random: Random },
    asker: string,
    method: string,
    request: Uint8Array | null,
  ): Promise<Uint8Array> {
    const memory = this.#memories.get(asker) ?? emptyMemory();
    this.#memories.set(asker, memory);
    if (memory.conversations.size + memory.legacyConversations.size > mostRemembered)
      throw new KeystoreCallError(keystoreCode.unspecified, 'too-large', 'too many conversations');
    return answerKeystoreCall({ ...keys, memory, policy }, method, request);
  }

  forget(asker: string): void {
    this.#memories.delete(asker);
  }

  clear(): void {
    this.#memories.clear();
  }
}
