import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { type Voucher, VoucherSchema } from '../../gen/parley/relay/v1/voucher_pb.ts';
import { sha256 } from '../sha256.ts';
import type { NewEnvelope } from '../store/store.ts';
import { isSignedBy, type RelayIdentity } from './identity.ts';
import { HashTree, leafMark, rootOf, type TreePath } from './tree.ts';
import { writeTime } from './write-time.ts';

/** Gossip is a matter of seconds: what is much older comes by the store, or not at all. */
const liveMs = 3_600_000;
const skewMs = 300_000;
/** Trees whose signature was found good; envelopes of one tree come together. */
const maxGoodTrees = 1000;

export type VoucherFault = 'malformed' | 'untrusted' | 'forged' | 'expired' | 'ahead';

/** Whose word it is (the key in hex), and from when. */
export interface Vouched {
  readonly home: string;
  readonly issuedMs: number;
}

/** An envelope and the pubsub topic that carries it. */
export interface Carried {
  readonly pubsubTopic: string;
  readonly envelope: NewEnvelope;
}

/** A home's word over a tree of envelopes. */
export interface TreeWord {
  readonly home: Uint8Array;
  readonly issuedMs: bigint;
  readonly signature: Uint8Array;
}

/** The voucher of this node for an envelope that it took from somebody with a token. */
export function issueVoucher(identity: RelayIdentity, pubsubTopic: string, envelope: NewEnvelope, nowMs: number): Uint8Array {
  const issuedMs = BigInt(nowMs);
  const signature = identity.sign(statementOf({ pubsubTopic, envelope }, issuedMs));
  return toBinary(VoucherSchema, create(VoucherSchema, { home: identity.publicKey, issuedMs, signature }));
}

/** One signature for all of them; at least one. */
export function vouchTogether(
  identity: RelayIdentity,
  carried: readonly Carried[],
  nowMs: number,
): { readonly word: TreeWord; readonly tree: HashTree } {
  const tree = treeOf(carried);
  const issuedMs = BigInt(nowMs);
  return { word: { home: identity.publicKey, issuedMs, signature: identity.sign(treeStatement(tree.root, issuedMs)) }, tree };
}

/** A voucher for each of them, which can go its own way, by one signature for all. */
export function vouchersFor(identity: RelayIdentity, carried: readonly Carried[], nowMs: number): Uint8Array[] {
  const [first] = carried;
  if (!first) return [];
  if (carried.length === 1) return [issueVoucher(identity, first.pubsubTopic, first.envelope, nowMs)];
  const { word, tree } = vouchTogether(identity, carried, nowMs);
  return carried.map((_, index) => voucherFrom(word, tree.pathOf(index)));
}

export const treeOf = (carried: readonly Carried[]): HashTree => new HashTree(carried.map(leafOfCarried));

/** The voucher of one envelope of a tree, which can go its own way from here on. */
export function voucherFrom({ home, issuedMs, signature }: TreeWord, { hashes, sides }: TreePath): Uint8Array {
  return toBinary(VoucherSchema, create(VoucherSchema, { home, issuedMs, signature, path: hashes as Uint8Array<ArrayBuffer>, sides }));
}

export interface VoucherRules {
  /** Whether the operator believes this node; its key in hex. */
  trusts(home: string): boolean;
  readonly nowMs: number;
  /** Whether it came just now; what is fetched from a store may be older. */
  readonly live: boolean;
}

/** Whose voucher it is and from when, or what is wrong with it. A home that is not trusted costs no signature. */
export function checkVoucher(bytes: Uint8Array, carried: Carried, rules: VoucherRules): Vouched | VoucherFault {
  let voucher: Voucher;
  try {
    voucher = fromBinary(VoucherSchema, bytes);
  } catch {
    return 'malformed';
  }
  const { path: hashes, sides } = voucher;
  if (hashes.length === 0 && sides === 0)
    return checkWord(voucher, rules, () => isSignedBy(voucher.home, statementOf(carried, voucher.issuedMs), voucher.signature));
  return checkWord(voucher, rules, () => {
    const root = rootOf(leafOfCarried(carried), { hashes, sides });
    return root !== null && isTreeSigned(voucher, root);
  });
}

/** The same of a word over a whole tree. */
export const checkTree = (word: TreeWord, root: () => Buffer, rules: VoucherRules): Vouched | VoucherFault =>
  checkWord(word, rules, () => isTreeSigned(word, root()));

function checkWord(
  { home, issuedMs, signature }: TreeWord,
  { trusts, nowMs, live }: VoucherRules,
  isGood: () => boolean,
): Vouched | VoucherFault {
  if (home.length !== 32 || signature.length !== 64 || issuedMs > BigInt(Number.MAX_SAFE_INTEGER)) return 'malformed';
  const name = Buffer.from(home).toString('hex');
  if (!trusts(name)) return 'untrusted';
  if (!isGood()) return 'forged';
  const ageMs = nowMs - Number(issuedMs);
  if (live && ageMs > liveMs) return 'expired';
  if (-ageMs > skewMs) return 'ahead';
  return { home: name, issuedMs: Number(issuedMs) };
}

const goodTrees = new Set<string>();

function isTreeSigned({ home, issuedMs, signature }: TreeWord, root: Buffer): boolean {
  const statement = treeStatement(root, issuedMs);
  const name = Buffer.concat([home, signature, statement]).toString('latin1');
  if (goodTrees.has(name)) return true;
  if (!isSignedBy(home, statement, signature)) return false;
  goodTrees.add(name);
  if (goodTrees.size > maxGoodTrees) goodTrees.delete(goodTrees.values().next().value as string);
  return true;
}

const statementMark = Buffer.from('parley relay voucher 1\n');
const treeMark = Buffer.from('parley relay vouchers 1\n');

/** What is signed of one envelope; the first line keeps it from meaning anything else. */
const statementOf = (carried: Carried, issuedMs: bigint): Buffer =>
  Buffer.concat([partsOf(carried, statementMark), eightLong, eight(issuedMs)]);

const leafOfCarried = (carried: Carried): Buffer => sha256(partsOf(carried, leafMark));

const treeStatement = (root: Buffer, issuedMs: bigint): Buffer => Buffer.concat([treeMark, root, eight(issuedMs)]);

/** What names an envelope, after a mark. Each part has its length in front, so that nothing can move from one into the next. */
function partsOf({ pubsubTopic, envelope: { topic, timestampNs, message } }: Carried, mark: Uint8Array): Buffer {
  const [network, content] = [Buffer.byteLength(pubsubTopic), Buffer.byteLength(topic)];
  const bytes = Buffer.allocUnsafe(mark.length + 4 * 4 + network + content + 8 + 32);
  bytes.set(mark);
  let at = bytes.writeUInt32BE(network, mark.length);
  at += bytes.write(pubsubTopic, at);
  at = bytes.writeUInt32BE(content, at);
  at += bytes.write(topic, at);
  at = bytes.writeUInt32BE(8, at);
  at = writeTime(bytes, timestampNs, at);
  at = bytes.writeUInt32BE(32, at);
  sha256(message).copy(bytes, at);
  return bytes;
}

const eightLong = Buffer.from([0, 0, 0, 8]);

function eight(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(value);
  return bytes;
}
