import type { RelayIdentity } from './identity.ts';
import type { HashTree } from './tree.ts';
import {
  type Carried,
  checkTree,
  type TreeWord,
  treeOf,
  type Vouched,
  type VoucherFault,
  type VoucherRules,
  voucherFrom,
  vouchTogether,
} from './voucher.ts';
import { envelopeOf, type WakuMessage, wakuHash, wakuMessageOf } from './waku-message.ts';
import { decodeBundle, encodeBundle } from './wire.ts';

/** Envelopes of one bundle, and bytes of their messages, more or less. */
export const maxBundle = 500;
export const maxBundleBytes = 512 << 10;

/** What goes to nodes of our kind, and the same as messages of which each goes its own way. */
export interface Bundled {
  readonly data: Uint8Array;
  messages(): WakuMessage[];
}

/** The topic on which nodes of our kind hand bundles on, beside the pubsub topics of their setting. */
export const bundleTopicOf = (setting: string): string => `/parley/1/bundle${setting}`;

/** Puts envelopes together under one signature of this node; at least two. */
export function bundle(identity: RelayIdentity, carried: readonly Carried[], nowMs: number): Bundled {
  const { word, tree } = vouchTogether(identity, carried, nowMs);
  return {
    data: encodeBundle({ word, messages: carried.map(({ envelope }) => wakuMessageOf(envelope)) }),
    messages: () =>
      carried.map(({ envelope }, index) => Object.assign(wakuMessageOf(envelope), { voucher: voucherFrom(word, tree.pathOf(index)) })),
  };
}

/** A message of a bundle, and what names it. */
export interface BundledMessage {
  readonly pubsubTopic: string;
  readonly message: WakuMessage;
  readonly hash: Buffer;
}

/** What came in a bundle whose home is believed. */
export interface Opened {
  readonly vouched: Vouched;
  readonly word: TreeWord;
  readonly leaves: readonly Buffer[];
  readonly messages: readonly BundledMessage[];
  /** A message with the voucher that is its own, for its own way. */
  alone(index: number): WakuMessage;
}

/** Opens a bundle, or says what is wrong with it. A home that is not trusted costs no hash. */
export function openBundle(data: Uint8Array, shardOf: (contentTopic: string) => string, rules: VoucherRules): Opened | VoucherFault {
  const opened = decodeBundle(data);
  const { word, messages } = opened ?? { messages: [] };
  // One alone has a voucher of another form.
  if (!word || messages.length < 2 || messages.length > maxBundle) return 'malformed';
  const carried: Carried[] = [];
  for (const message of messages) {
    const envelope = message.voucher ? null : envelopeOf(message);
    if (!envelope) return 'malformed';
    carried.push({ pubsubTopic: shardOf(envelope.topic), envelope });
  }
  let tree: HashTree | undefined;
  const treeNow = () => (tree ??= treeOf(carried));
  const vouched = checkTree(word, () => treeNow().root, rules);
  if (typeof vouched === 'string') return vouched;
  return {
    vouched,
    word,
    leaves: treeNow().leaves,
    messages: messages.map((message, index) => {
      const { pubsubTopic, envelope } = carried[index] as Carried;
      return { pubsubTopic, message, hash: wakuHash(pubsubTopic, envelope) };
    }),
    alone: (index) =>
      Object.assign(wakuMessageOf((carried[index] as Carried).envelope), { voucher: voucherFrom(word, treeNow().pathOf(index)) }),
  };
}
