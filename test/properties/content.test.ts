import { deflateSync, gzipSync } from 'node:zlib';
import { create, toBinary } from '@bufbuild/protobuf';
import { expect } from 'vitest';
import {
  contentTypes,
  mayBeFetched,
  openRemote,
  readContent,
  safeFilename,
  sealRemote,
  show,
  type Value,
  writeContent,
} from '../../src/content-types/index.ts';
import { Compression, EncodedContentSchema } from '../../src/gen/xmtp/message_contents/content_pb.ts';
import { type CompositePart, decodeComposite, encodeComposite } from '../../src/protocol/composite.ts';
import { type Content, decodeContent, decodeInnerContent, encodeContent, parseContentType } from '../../src/protocol/content.ts';
import { openRemoteContent, sealRemoteContent } from '../../src/protocol/remote-content.ts';
import { fc } from '../support/fast-check.ts';
import { address, bytes, exactly, place, text } from './arbitraries.ts';
import { flip, outcome, property } from './property.ts';

const version = fc.nat({ max: 2 ** 32 - 1 });
const type = fc
  .tuple(text(20), text(20), version, version)
  .map(([authority, name, major, minor]) => `${authority}/${name.replaceAll('/', '')}:${major}.${minor}`);
const name = text(20).filter((each) => each !== '__proto__');

const content: fc.Arbitrary<Content> = fc
  .tuple(type, fc.dictionary(name, text(20), { maxKeys: 5 }), fc.option(text(20).filter(Boolean), { nil: undefined }), bytes())
  .map(([id, parameters, fallback, data]) => ({
    type: id,
    parameters: new Map(Object.entries(parameters)),
    ...(fallback !== undefined && { fallback }),
    content: data,
  }));

property('a content comes out of its frame as it went in', [content], async (given) => {
  const frame = encodeContent(given);
  expect(await decodeContent(frame)).toEqual(given);
  expect(decodeInnerContent(frame)).toEqual(given);
});

property('a frame that was read is written again byte for byte', [content], async (given) => {
  const frame = encodeContent(given);
  expect(encodeContent(await decodeContent(frame))).toEqual(frame);
});

property('a type tells its authority, name and version', [type], (id) => {
  const { authority, name: of, major, minor } = parseContentType(id);
  expect(`${authority}/${of}:${major}.${minor}`).toBe(id);
});

const compressed = (given: Uint8Array, compression: Compression): Uint8Array =>
  toBinary(
    EncodedContentSchema,
    create(EncodedContentSchema, {
      type: { authorityId: 'a', typeId: 'b', versionMajor: 1, versionMinor: 0 },
      content: compression === Compression.GZIP ? gzipSync(given) : deflateSync(given),
      compression,
    }),
  );
const algorithm = fc.constantFrom(Compression.DEFLATE, Compression.GZIP);

property('a content that was compressed comes out as it was, and never within another', [bytes(1000), algorithm], async (given, by) => {
  const frame = compressed(given, by);
  expect((await decodeContent(frame)).content).toEqual(given);
  expect(await outcome(() => decodeInnerContent(frame))).toBe('unsupported');
});

property(
  'a compressed frame with a changed bit is read or refused by an error of ours',
  [bytes(100), algorithm, place],
  async (given, by, at) => {
    await outcome(() => decodeContent(flip(compressed(given, by), at)));
  },
);

const short = text(15);
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const known = <T extends object>(value: T): T => Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as T;
const record = <T extends object>(members: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record(members).map(known) as fc.Arbitrary<unknown> as fc.Arbitrary<Value>;
const kind = <K extends string>(of: K) => fc.constant(of);

const textValue = record({ kind: kind('text'), text: short });
const reactionValue = record({
  kind: kind('reaction'),
  reference: maybe(short),
  referenceInboxId: maybe(short),
  action: maybe(fc.constantFrom('added', 'removed', 'other')),
  schema: maybe(fc.constantFrom('unicode', 'shortcode', 'custom')),
  content: short,
});
const attachmentValue = record({ kind: kind('attachment'), filename: maybe(short), mimeType: maybe(short), data: bytes(100) });
const remoteValue = record({
  kind: kind('remote-attachment'),
  url: fc.webUrl({ validSchemes: ['https'] }),
  contentDigest: fc.stringMatching(/^[0-9a-f]{64}$/),
  salt: exactly(32),
  nonce: exactly(12),
  secret: exactly(32),
  contentLength: maybe(fc.nat()),
  filename: maybe(short),
});
const amount = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
const transactionValue = record({
  kind: kind('transaction-reference'),
  namespace: maybe(short),
  networkId: fc.oneof(short, fc.nat()),
  reference: short,
  metadata: maybe(
    fc
      .record({
        transactionType: maybe(short),
        currency: maybe(short),
        amount: maybe(amount),
        decimals: maybe(fc.nat(100)),
        fromAddress: maybe(short),
        toAddress: maybe(short),
      })
      .map(known),
  ),
});
const leaf = fc.oneof(
  textValue,
  record({ kind: kind('markdown'), markdown: short }),
  record({ kind: kind('read-receipt') }),
  reactionValue,
  attachmentValue,
  remoteValue,
  transactionValue,
  record({ kind: kind('group-update'), action: kind('left') }),
  record({ kind: kind('group-update'), action: kind('closed'), removed: fc.array(address, { maxLength: 3 }) }),
);
const { value } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    leaf,
    record({ kind: kind('reply'), reference: maybe(short), referenceInboxId: maybe(short), content: tie('value') }),
    record({ kind: kind('composite'), parts: fc.array(tie('value'), { maxLength: 3 }) }),
  ),
}));

const through = async (given: Value): Promise<Value> => readContent(await decodeContent(encodeContent(writeContent(given).content)));

property(
  'a text, a reaction or an attachment is read as it was written',
  [fc.oneof(textValue, reactionValue, attachmentValue)],
  async (given) => {
    expect(await through(given)).toEqual(given);
  },
);

property('a remote attachment or a transaction is read as it was written', [fc.oneof(remoteValue, transactionValue)], async (given) => {
  expect(await through(given)).toEqual(given);
});

property('a value of any known type, with whatever it holds, is read as it was written', [value], async (given) => {
  expect(await through(given)).toEqual(given);
});

property('what is read of a value is written again byte for byte', [value], async (given) => {
  const frame = encodeContent(writeContent(given).content);
  expect(encodeContent(writeContent(await through(given)).content)).toEqual(frame);
});

property('whatever can be written can be shown, in a text or in words', [value], async (given) => {
  const { content: written } = writeContent(given);
  const shown = show(await decodeContent(encodeContent(written)));
  if (shown.form === 'unknown') expect(shown.type).toBe(written.type);
  else expect(typeof shown.text).toBe('string');
});

property('a content of an unknown type is shown in its sender’s words alone', [content], (given) => {
  const ours = contentTypes.some(({ id }) => given.type.startsWith(id.slice(0, id.indexOf(':'))));
  if (ours) return;
  const { type: id, fallback } = given;
  expect(readContent(given)).toEqual({ kind: 'unknown', type: id, ...(fallback !== undefined && { fallback }) });
  expect(show(given)).toEqual({ form: 'unknown', type: id, ...(fallback !== undefined && { fallback }) });
});

property(
  'whatever bytes a known type carries, it is read or refused by an error of ours, and so it is shown',
  [
    fc.constantFrom(...contentTypes),
    fc.oneof(
      bytes(60),
      fc.json().map((json) => new TextEncoder().encode(json)),
    ),
    fc.dictionary(name, short, { maxKeys: 3 }),
  ],
  async ({ id }, data, parameters) => {
    const given = { type: id, parameters: new Map(Object.entries(parameters)), content: data };
    const read = await outcome(() => readContent(given));
    const shown = await outcome(() => show(given));
    // A type that only looks at its fallback may show what it could not read; none is read and cannot be shown.
    if (typeof read !== 'string') expect(typeof shown).toBe('object');
  },
);

const parts: fc.Arbitrary<CompositePart[]> = fc.array(fc.record({ kind: fc.constantFrom('content', 'list'), bytes: bytes(30) }), {
  maxLength: 8,
});

property('a list comes out with its parts in their order', [parts], (given) => {
  expect(decodeComposite(encodeComposite(given))).toEqual(given);
});

property('two lists one behind the other are one list', [parts, parts], (first, second) => {
  const both = new Uint8Array([...encodeComposite(first), ...encodeComposite(second)]);
  expect(decodeComposite(both)).toEqual([...first, ...second]);
});

property(
  'a name of a file is safe, stays as it is once it is, and has at most 120 characters',
  [fc.string({ unit: 'binary', maxLength: 200 })],
  (given) => {
    const safe = safeFilename(given);
    expect(safe).not.toMatch(/[/\\:*?"<>|\p{Cc}\p{Cf}]|^[. ]|[. ]$|^$/u);
    expect([...safe].length).toBeLessThanOrEqual(120);
    expect(safeFilename(safe)).toBe(safe);
  },
);

const nameLike = fc
  .array(fc.constantFrom('con', 'a', '.', ' ', 'tar', '.gz', '/', '\u202e', 'é', '🎹', 'x'.repeat(60), 'nul', '\\'), { maxLength: 8 })
  .map((pieces) => pieces.join(''));

property('a name that is made to deceive is safe as well', [nameLike], (given) => {
  const safe = safeFilename(given);
  expect(safe).not.toMatch(/[/\\\u202e]|^[. ]|[. ]$|^$|^(con|nul)(\.|$)/iu);
  expect([...safe].length).toBeLessThanOrEqual(120);
  expect(safeFilename(safe)).toBe(safe);
});

property('whether an address may be fetched does not depend on how it is spelled', [fc.nat({ max: 2 ** 32 - 1 })], (number) => {
  const dotted = [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join('.');
  const spelled = [`https://${dotted}/a`, `https://${number}/a`, `https://0x${number.toString(16)}/a`, `https://${dotted}./a`];
  expect(new Set(spelled.map(mayBeFetched)).size).toBe(1);
  expect(mayBeFetched(`http://${dotted}/a`)).toBe(false);
});

property('a remote content is opened by its keys, and with one bit changed by none', [bytes(), place], async (frame, at) => {
  const { payload, ...keys } = await sealRemoteContent(frame);
  expect(await openRemoteContent(keys, payload)).toEqual(frame);
  expect(await outcome(() => openRemoteContent(keys, flip(payload, at)))).toBe('malformed');
  expect(await outcome(() => openRemoteContent({ ...keys, secret: flip(keys.secret, at) }, payload))).toBe('cannot-decrypt');
});

const holds = (given: Value): boolean =>
  given.kind === 'remote-attachment' ||
  (given.kind === 'reply' && holds(given.content)) ||
  (given.kind === 'composite' && given.parts.some(holds));

property('a value that is sealed for elsewhere comes back whole, and never leads to another place', [value], async (given) => {
  if (holds(given)) {
    expect(await outcome(() => sealRemote(given))).toBe('malformed');
    return;
  }
  const { payload, attachment } = await sealRemote(given);
  expect(await openRemote({ ...attachment, url: 'https://a.example/b' }, payload)).toEqual(given);
});
