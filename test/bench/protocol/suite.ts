import { create } from '@bufbuild/protobuf';
import { EnvelopeSchema, QueryResponseSchema } from '../../../src/gen/xmtp/message_api/v1/message_api_pb.ts';
import { concat, toBase64, toHex } from '../../../src/protocol/bytes.ts';
import { sharedPoints } from '../../../src/protocol/secp256k1.ts';
import { type CurveSource, curveModule, offerCurve, quickenCurve } from '../../../src/protocol/secp256k1-engine.ts';
import type { CurveModule } from '../../../src/protocol/secp256k1-wasm.ts';
import { encode } from '../../../src/protocol/wire.ts';
import { type Anchor, AnchorClient } from './anchor.ts';
import { listAtCeiling, openAtCeiling } from './ceiling.ts';
import type * as Data from './data.ts';
import { type Conversation, type Envelope, textOf } from './data.ts';
import { inviteOurs, listOurs, openOurs, parseOurs, sealOurs, verifyOurs } from './ours.ts';

interface Bench {
  readonly anchor: AnchorClient;
  readonly make: typeof Data;
  readonly curve: CurveSource;
}

/** How long everybody took for a piece, lot by lot, microseconds. */
export interface Timing {
  readonly what: string;
  readonly count: number;
  readonly unit: string;
  readonly ours: number[];
  readonly theirs: number[];
  /** Ours without WebAssembly. */
  readonly noble?: number[];
  /** The least that anybody must do. */
  readonly ceiling?: number[];
  /** The same without blinding private keys. */
  readonly bare?: number[];
}

export interface Setting {
  readonly xmtp: Anchor;
  /** Makes what is to be read, from code of its own: what it remembers of others must not be remembered here. */
  readonly make: typeof Data;
  readonly curve: CurveSource;
  readonly rounds: number;
  readonly note: (text: string) => void;
}

const sizes = { invitations: 1000, conversations: 20, messages: 500, sealed: 1000, derived: 100, bundles: 300, pages: 20 } as const;

/** Does everything with both clients, in turn and on the same data, and refuses to go on where they do not agree. */
export async function measure({ xmtp, make, curve, rounds, note }: Setting): Promise<Timing[]> {
  const bench: Bench = { anchor: await AnchorClient.start(xmtp), make, curve };
  await make.prepare(curve);
  const timings = {
    list: { ...start('open invitations', sizes.invitations, 'invitation', true), bare: [] },
    open: start(`open messages of ${sizes.conversations} conversations`, sizes.conversations * sizes.messages, 'message', true),
    seal: start('seal messages', sizes.sealed, 'message'),
    derive: start('verify a contact, derive and seal the invitation', sizes.derived, 'invitation'),
    verify: start('verify contacts', sizes.bundles, 'contact'),
    parse: start('parse pages of 100 envelopes', sizes.pages, 'page'),
  };
  await warm(bench);
  for (let round = 0; round < rounds; round++) {
    const begun = performance.now();
    await list(bench, timings.list);
    await open(bench, timings.open);
    await seal(bench, timings.seal);
    await derive(bench, timings.derive);
    await verify(bench, timings.verify);
    await parse(bench, timings.parse);
    note(`round ${round + 1} of ${rounds}: ${Math.round((performance.now() - begun) / 1000)} s`);
  }
  return Object.values(timings);
}

const start = (what: string, count: number, unit: string, variants = false): Timing => ({
  what,
  count,
  unit,
  ours: [],
  theirs: [],
  ...(variants && { noble: [], ceiling: [] }),
});

type Part = readonly [name: 'ours' | 'theirs' | 'noble' | 'ceiling' | 'bare', work: () => Promise<unknown>];
let turn = 0;

/** Lets each do a lot, another one first each time, and notes what a piece of it took. Answers what they found, in the order in which they were given. */
async function inTurn(timing: Timing, pieces: number, parts: readonly Part[]): Promise<unknown[]> {
  const found: unknown[] = new Array(parts.length);
  turn += 1;
  for (let i = 0; i < parts.length; i++) {
    const at = (i + turn) % parts.length;
    const [name, work] = parts[at] as Part;
    const before = performance.now();
    found[at] = await work();
    timing[name]?.push(((performance.now() - before) * 1000) / pieces);
  }
  return found;
}

function same(what: string, ours: unknown, theirs: unknown): void {
  if (JSON.stringify(ours) !== JSON.stringify(theirs)) throw new Error(`the two do not agree: ${what}`);
}

const quick = async (curve: CurveSource | null): Promise<void> => {
  offerCurve(curve);
  await quickenCurve();
};

/** The curve by the module for one piece of work; loading it is not in the time, since one load serves a whole session. */
const byNoble =
  <T>(curve: CurveSource, work: () => Promise<T>) =>
  async (): Promise<T> => {
    offerCurve(null);
    try {
      return await work();
    } finally {
      await quick(curve);
    }
  };

async function warm({ anchor, make, curve }: Bench): Promise<void> {
  await quick(curve);
  const conversation = await make.spoken(40);
  await anchor.know(conversation);
  for (let i = 0; i < 3; i++) {
    same('warming up', await openOurs(conversation), await anchor.open(conversation));
    await openAtCeiling(conversation);
    await anchor.seal(conversation, 10);
    await sealOurs(conversation, 10);
  }
  await byNoble(curve, async () => {
    await openOurs(conversation);
    await listOurs(await lotOf(make, 32));
  })();
}

/** Invitations in lots, each by a stranger. What is remembered of a chain must not help the next one: everybody gets lots of their own strangers, but for the anchor, which remembers nothing. */
async function list({ anchor, make, curve }: Bench, timing: Timing): Promise<void> {
  const lot = 50;
  for (let done = 0; done < sizes.invitations; done += lot) {
    const module = curveModule() as CurveModule;
    const bare: typeof sharedPoints = (pairs) => pairs.map(([key, point]) => module.multiply(key, point) as Uint8Array<ArrayBuffer>);
    const [mine, nobles] = [await lotOf(make, lot), await lotOf(make, lot)];
    const [ours, theirs] = await inTurn(timing, lot, [
      ['ours', () => listOurs(mine)],
      ['theirs', () => anchor.list(mine)],
      ['ceiling', () => listAtCeiling(sharedPoints, module, mine)],
      ['bare', () => listAtCeiling(bare, module, mine)],
    ]);
    same('invitations', ours, theirs);
    offerCurve(null);
    await inTurn(timing, lot, [['noble', () => listOurs(nobles)]]);
    await quick(curve);
  }
}

const lotOf = async (make: typeof Data, count: number): Promise<Envelope[]> => {
  const lot: Envelope[] = [];
  for (let i = 0; i < count; i++) lot.push((await make.invited()).invitation);
  return lot;
};

async function open({ anchor, make, curve }: Bench, timing: Timing): Promise<void> {
  for (let i = 0; i < sizes.conversations; i++) {
    const conversation = await make.spoken(sizes.messages);
    await anchor.know(conversation);
    const [ours, theirs, least] = await inTurn(timing, sizes.messages, [
      ['ours', () => openOurs(conversation)],
      ['theirs', () => anchor.open(conversation)],
      ['ceiling', () => openAtCeiling(conversation)],
    ]);
    same('messages', ours, theirs);
    same('messages at the ceiling', least, theirs);
    offerCurve(null);
    const [noble] = await inTurn(timing, sizes.messages, [['noble', () => openOurs(conversation)]]);
    same('messages without WebAssembly', noble, ours);
    await quick(curve);
  }
}

/** Seals are salted: what one sealed the other opens. */
async function seal({ anchor, make }: Bench, timing: Timing): Promise<void> {
  const lot = 50;
  const conversation = await make.invited();
  await anchor.know(conversation);
  for (let done = 0; done < sizes.sealed; done += lot) {
    const [ours, theirs] = (await inTurn(timing, lot, [
      ['ours', () => sealOurs(conversation, lot)],
      ['theirs', () => anchor.seal(conversation, lot)],
    ])) as [Uint8Array[], Uint8Array[]];
    if (done > 0) continue;
    const exchanged = (sealed: readonly Uint8Array[]): Conversation => ({
      ...conversation,
      messages: sealed.map((message) => ({ contentTopic: conversation.topic, timestampNs: 0n, message })),
    });
    await anchor.know(exchanged(ours));
    const texts = Array.from({ length: lot }, (_unused, i) => textOf(i));
    same(
      'texts sealed by us',
      (await anchor.open(exchanged(ours))).map(({ text }) => text),
      texts,
    );
    same(
      'texts sealed by the anchor',
      (await openOurs(exchanged(theirs))).map(({ text }) => text),
      texts,
    );
  }
}

async function derive({ anchor, make }: Bench, timing: Timing): Promise<void> {
  const lot = 20;
  for (let done = 0; done < sizes.derived; done += lot) {
    const contacts = make.contacts(lot);
    const [ours, theirs] = await inTurn(timing, lot, [
      ['ours', () => inviteOurs(contacts)],
      ['theirs', () => anchor.invite(contacts)],
    ]);
    same('derived topics', ours, theirs);
  }
}

async function verify({ anchor, make }: Bench, timing: Timing): Promise<void> {
  const lot = 50;
  for (let done = 0; done < sizes.bundles; done += lot) {
    const contacts = make.contacts(lot);
    const [ours, theirs] = await inTurn(timing, lot, [
      ['ours', async () => verifyOurs(contacts)],
      ['theirs', () => anchor.verify(contacts)],
    ]);
    same('addresses', ours, theirs);
  }
}

async function parse({ anchor, make }: Bench, timing: Timing): Promise<void> {
  const { topic, messages } = await make.spoken(100);
  const envelopes = messages.map((each) => create(EnvelopeSchema, each));
  const binary = encode(QueryResponseSchema, create(QueryResponseSchema, { envelopes }));
  const trailer = new TextEncoder().encode('grpc-status: 0\r\n');
  const answer = concat(frame(0, binary.length), binary, frame(128, trailer.length), trailer);
  const json = JSON.stringify({
    envelopes: messages.map(({ contentTopic, timestampNs, message }) => ({
      contentTopic,
      timestampNs: String(timestampNs),
      message: toBase64(message),
    })),
    pagingInfo: null,
  });
  const plain = (page: readonly Envelope[]) =>
    page.map(({ contentTopic, timestampNs, message }) => [contentTopic, String(timestampNs), toHex(message)]);
  for (let i = 0; i < sizes.pages; i++) {
    const [ours, theirs] = (await inTurn(timing, 1, [
      ['ours', () => parseOurs(topic, answer)],
      ['theirs', () => anchor.parse(topic, json)],
    ])) as [Envelope[], Envelope[]];
    if (i === 0) same('envelopes', plain(ours), plain(theirs));
  }
}

function frame(flag: number, length: number): Uint8Array {
  const head = new Uint8Array(5);
  head[0] = flag;
  new DataView(head.buffer).setUint32(1, length);
  return head;
}
