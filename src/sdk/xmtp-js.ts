import { toBinary } from '@bufbuild/protobuf';
import type { KeystoreProvider } from '@xmtp/xmtp-js';
import { PrivatePreferencesActionSchema } from '../gen/xmtp/message_contents/private_preferences_pb.ts';
import { type KeystoreMethod, keystoreMethods } from '../protocol/keystore-call.ts';
import { preferencesTopic } from '../protocol/topic.ts';
import { getProvider } from './index.ts';
import { keepTelling } from './keystore-memory.ts';
import { keystoreWire } from './keystore-wire.ts';
import { fromPlain, type Plain } from './plain.ts';
import type { Address, XmtpProvider } from './types.ts';

export interface ParleyKeystoreOptions {
  /** By default the one that `getProvider` finds. */
  readonly provider?: XmtpProvider;
  /** How long to look for it, in milliseconds. */
  readonly timeout?: number;
}

/**
 * The user's keystore for an unmodified `@xmtp/xmtp-js` 13: `Client.create(null, { keystoreProviders: [parleyKeystore()] })`. The private keys stay in the
 * extension, whose user is asked for the `keystore` permission beforehand (`xmtp_requestPermissions`). Give it as the only provider: that client cannot
 * be told to go on to the next one (SPEC 16.4).
 */
export function parleyKeystore({ provider, timeout }: ParleyKeystoreOptions = {}): KeystoreProvider {
  return {
    async newKeystore() {
      const found = provider ?? (await getProvider(timeout === undefined ? {} : { timeout }));
      if (!found) throw new Error('no provider of XMTP shows itself on this page');
      return keystoreOver(found) as never;
    },
  };
}

type Methods = Record<KeystoreMethod, (request?: Plain) => Promise<Plain>>;

/** Everything that xmtp-js asks of a keystore: the methods of the schema, sent to the extension, and those that have no form on the wire (SPEC 16.3). */
function keystoreOver(provider: XmtpProvider) {
  const call = keepTelling(keystoreWire(provider));
  const methods = Object.fromEntries(
    (Object.keys(keystoreMethods) as KeystoreMethod[]).map((method) => [method, (request?: Plain) => call(method, request)]),
  ) as Methods;

  let address: Promise<Address> | undefined;
  let topic: Promise<string> | undefined;
  // The client reads them without waiting, so that they have to be here; they are read from the node anew by every client.
  let preferences = new Map<string, Plain>();
  const topicOf = async (): Promise<string> => {
    const { identifier } = await methods.getPrivatePreferencesTopicIdentifier();
    return preferencesTopic(identifier as string);
  };

  return {
    ...methods,
    async getAccountAddress(): Promise<Address> {
      address ??= provider.request({ method: 'xmtp_accounts' }).then(([first]) => {
        if (!first) throw new Error('this site is not connected');
        return first;
      });
      return address;
    },
    async getPrivatePreferencesTopic(): Promise<string> {
      topic ??= topicOf();
      return topic;
    },
    async createPrivatePreference(action: Plain) {
      const payload = toBinary(PrivatePreferencesActionSchema, fromPlain(PrivatePreferencesActionSchema, action) as never);
      const { responses } = (await methods.selfEncrypt({ requests: [{ payload }] })) as {
        responses: readonly { readonly result?: { readonly encrypted: Uint8Array }; readonly error?: { readonly message: string } }[];
      };
      const [sealed] = responses;
      if (!sealed?.result) throw new Error(sealed?.error?.message ?? 'the keystore sealed nothing');
      topic ??= topicOf();
      return [{ contentTopic: await topic, message: sealed.result.encrypted, timestamp: new Date() }];
    },
    getPrivatePreferences: (): ReadonlyMap<string, Plain> => preferences,
    async savePrivatePreferences(actions: ReadonlyMap<string, Plain>): Promise<void> {
      const all = [...preferences, ...[...actions].filter(([time]) => !preferences.has(time))];
      preferences = new Map(all.sort(([a], [b]) => (BigInt(a) < BigInt(b) ? -1 : 1)));
    },
  };
}
