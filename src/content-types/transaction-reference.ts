import { integer, object, optional, ParseError, type Parser, string } from '../parse.ts';
import { utf8 } from '../protocol/bytes.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { type ContentType, defined, inWords, JsonMembers, readJson, wellFormed } from './content-type.ts';

/** A transaction on a blockchain, as the sender tells it: nothing in it is a fact until the chain was asked. */
export interface TransactionReference {
  readonly kind: 'transaction-reference';
  /** For example `eip155`. */
  readonly namespace?: string;
  readonly networkId: number | string;
  /** The transaction's hash; may be empty. */
  readonly reference: string;
  readonly metadata?: TransactionMetadata;
}

export interface TransactionMetadata {
  readonly transactionType?: string;
  readonly currency?: string;
  readonly amount?: number;
  readonly decimals?: number;
  readonly fromAddress?: string;
  readonly toAddress?: string;
}

/** SPEC 10.9. The shape is checked both ways; members beyond it are dropped. */
export const transactionReference: ContentType<TransactionReference> = {
  kind: 'transaction-reference',
  id: 'xmtp.org/transactionReference:1.0',
  encode({ kind: _, ...members }) {
    const { namespace, networkId, reference, metadata } = read(members);
    return { parameters: new Map(), content: utf8(JSON.stringify({ namespace, networkId, reference, metadata })) };
  },
  decode: ({ content }) => read(readJson(content)),
  fallback: words,
  shouldPush: () => true,
  show: (value, content) => inWords(content, words(value)),
  toPage: ({ kind: _, ...members }) => members,
  fromPage: (content, path) => ({ kind: 'transaction-reference', ...fromPage(content, path) }),
};

const word = string({ min: 1, max: 256 });
const finite: Parser<number> = (value, path) => {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new ParseError(path, 'a number');
  return value;
};
const fromPage = object({
  namespace: optional(word),
  networkId: (value, path) => (typeof value === 'number' ? finite(value, path) : word(value, path)),
  reference: string({ max: 256 }),
  metadata: optional(
    object({
      transactionType: optional(word),
      currency: optional(word),
      amount: optional(finite),
      decimals: optional(integer({ max: 255 })),
      fromAddress: optional(word),
      toAddress: optional(word),
    }),
  ),
});

/** @throws ProtocolError malformed */
function read(json: unknown): TransactionReference {
  const members = new JsonMembers(json, 'the transaction');
  const reference = members.text('reference');
  if (reference === undefined) throw new ProtocolError('malformed', 'a transaction without reference');
  const metadata = members.raw('metadata') ?? undefined;
  return {
    kind: 'transaction-reference',
    ...defined({ namespace: members.text('namespace') }),
    networkId: readNetwork(members.raw('networkId')),
    reference,
    ...defined({ metadata: metadata === undefined ? undefined : readMetadata(metadata) }),
  };
}

function readNetwork(value: unknown): number | string {
  if (typeof value === 'string') return wellFormed(value);
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new ProtocolError('malformed', 'networkId is neither a number nor a text');
}

function readMetadata(json: unknown): TransactionMetadata {
  const members = new JsonMembers(json, 'the metadata');
  const decimals = members.number('decimals');
  if (decimals !== undefined && !(Number.isSafeInteger(decimals) && decimals >= 0))
    throw new ProtocolError('malformed', 'decimals is no whole number');
  return defined({
    transactionType: members.text('transactionType'),
    currency: members.text('currency'),
    amount: members.number('amount'),
    decimals,
    fromAddress: members.text('fromAddress'),
    toAddress: members.text('toAddress'),
  });
}

function words({ reference }: TransactionReference): string {
  if (reference === '') return 'Crypto transaction';
  return `[Crypto transaction] Use a blockchain explorer to learn more using the transaction hash: ${reference}`;
}
