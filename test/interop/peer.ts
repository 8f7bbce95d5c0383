import { createRequire } from 'node:module';
import type * as Reaction from '@xmtp/content-type-reaction';
import type * as ReadReceipt from '@xmtp/content-type-read-receipt';
import type * as Remote from '@xmtp/content-type-remote-attachment';
import type * as Reply from '@xmtp/content-type-reply';
import type * as Text from '@xmtp/content-type-text';
import type * as Transaction from '@xmtp/content-type-transaction-reference';
import type * as Xmtp from '@xmtp/xmtp-js';
import type { Address } from '../../src/protocol/address.ts';
import { toHex } from '../../src/protocol/bytes.ts';
import { signText } from '../../src/protocol/wallet-signature.ts';

// The packages' modules for bundlers do not load in Node; their CommonJS does.
const load = createRequire(import.meta.url);

/** The reference client of the network, as programs use it. */
export const xmtp = load('@xmtp/xmtp-js') as typeof Xmtp;
export const codecs = {
  reaction: load('@xmtp/content-type-reaction') as typeof Reaction,
  readReceipt: load('@xmtp/content-type-read-receipt') as typeof ReadReceipt,
  remote: load('@xmtp/content-type-remote-attachment') as typeof Remote,
  reply: load('@xmtp/content-type-reply') as typeof Reply,
  text: load('@xmtp/content-type-text') as typeof Text,
  transaction: load('@xmtp/content-type-transaction-reference') as typeof Transaction,
};

interface Wallet {
  readonly address: Address;
  readonly walletKey: Uint8Array;
}

/** A wallet that signs what it is asked to, as the reference client wants it. */
export const signerOf = ({ address, walletKey }: Wallet): Xmtp.Signer => ({
  getAddress: async () => address,
  signMessage: async (message) => `0x${toHex(signText(message as string, walletKey))}`,
});

/** The reference client of this wallet at a node, with every content type that was published for it. */
export const peerOf = (wallet: Wallet, nodeUrl: string, options: Partial<Xmtp.ClientOptions> = {}): Promise<Xmtp.Client> =>
  xmtp.Client.create(signerOf(wallet), {
    apiUrl: nodeUrl,
    env: 'local',
    persistConversations: false,
    codecs: [
      new codecs.reaction.ReactionCodec(),
      new codecs.readReceipt.ReadReceiptCodec(),
      new codecs.remote.AttachmentCodec(),
      new codecs.remote.RemoteAttachmentCodec(),
      new codecs.reply.ReplyCodec(),
      new codecs.transaction.TransactionReferenceCodec(),
    ],
    ...options,
  } as Xmtp.ClientOptions) as unknown as Promise<Xmtp.Client>;
