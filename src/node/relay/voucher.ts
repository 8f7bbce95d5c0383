import { createHash } from 'node:crypto';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { VoucherSchema } from '../../gen/parley/relay/v1/voucher_pb.ts';
import type { NewEnvelope } from '../store/store.ts';
import { isSignedBy, type RelayIdentity } from './identity.ts';

/** Gossip is a matter of seconds: what is much older comes by the store, or not at all. */
const liveMs = 3_600_000;
const skewMs = 300_000;

export type VoucherFault = 'malformed' | 'untrusted' | 'forged' | 'expired' | 'ahead';

/** The voucher of this node for an envelope that it took from somebody with a token. */
export function issueVoucher(identity: RelayIdentity, pubsubTopic: string, envelope: NewEnvelope, nowMs: number): Uint8Array {
  const issuedMs = BigInt(nowMs);
  const signature = identity.sign(statement(pubsubTopic, envelope, issuedMs));
  return toBinary(VoucherSchema, create(VoucherSchema, { home: identity.publicKey, issuedMs, signature }));
}

export interface VoucherRules {
  /** Whether the operator believes this node; its key in hex. */
  trusts(home: string): boolean;
  readonly nowMs: number;
  /** Whether it came just now; what is fetched from a store may be older. */
  readonly live: boolean;
}

/** Whose voucher it is (the key in hex) and from when, or what is wrong with it. A home that is not trusted costs no signature. */
export function checkVoucher(
  bytes: Uint8Array,
  pubsubTopic: string,
  envelope: NewEnvelope,
  { trusts, nowMs, live }: VoucherRules,
): { readonly home: string; readonly issuedMs: number } | VoucherFault {
  let voucher: { readonly home: Uint8Array; readonly issuedMs: bigint; readonly signature: Uint8Array };
  try {
    voucher = fromBinary(VoucherSchema, bytes);
  } catch {
    return 'malformed';
  }
  const { home, issuedMs, signature } = voucher;
  if (home.length !== 32 || signature.length !== 64 || issuedMs > BigInt(Number.MAX_SAFE_INTEGER)) return 'malformed';
  const name = Buffer.from(home).toString('hex');
  if (!trusts(name)) return 'untrusted';
  if (!isSignedBy(home, statement(pubsubTopic, envelope, issuedMs), signature)) return 'forged';
  const ageMs = nowMs - Number(issuedMs);
  if (live && ageMs > liveMs) return 'expired';
  if (-ageMs > skewMs) return 'ahead';
  return { home: name, issuedMs: Number(issuedMs) };
}

/** What is signed. Each part has its length in front, so that nothing can move from one into the next; the first line keeps it from meaning anything else. */
function statement(pubsubTopic: string, { topic, timestampNs, message }: NewEnvelope, issuedMs: bigint): Uint8Array {
  const [time, issued] = [Buffer.alloc(8), Buffer.alloc(8)];
  time.writeBigInt64BE(timestampNs);
  issued.writeBigUInt64BE(issuedMs);
  const parts = [Buffer.from(pubsubTopic), Buffer.from(topic), time, createHash('sha256').update(message).digest(), issued];
  return Buffer.concat([
    Buffer.from('parley relay voucher 1\n'),
    ...parts.flatMap((part) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(part.length);
      return [length, part];
    }),
  ]);
}
