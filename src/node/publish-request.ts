import { BinaryReader } from '@bufbuild/protobuf/wire';
import type { Publish } from './message-service.ts';
import { readText } from './read-text.ts';

type Published = Publish['envelopes'][number];

/** How deep the library lets groups lie within each other that nobody knows. */
const mostDepth = 99;

/**
 * A `PublishRequest`, read by hand as the library reads it, whose way over descriptors took a tenth of all that a node does for an envelope. Fields that nobody knows are passed over.
 * @throws Error when these are not the bytes of one
 */
export function readPublishRequest(bytes: Uint8Array): Publish {
  // Views of this kind are made faster than those of the kind that Node has.
  const reader = new BinaryReader(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length));
  const envelopes: Published[] = [];
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === 1) {
      const length = reader.uint32();
      envelopes.push(readEnvelope(reader, reader.pos + length));
    } else reader.skip(type, field, mostDepth);
  }
  return { envelopes };
}

function readEnvelope(reader: BinaryReader, end: number): Published {
  let [contentTopic, timestampNs, message]: [string, bigint, Uint8Array] = ['', 0n, empty];
  while (reader.pos < end) {
    const [field, type] = reader.tag();
    if (field === 1) contentTopic = readText(reader);
    else if (field === 2) timestampNs = BigInt(reader.uint64());
    else if (field === 3) message = reader.bytes();
    else reader.skip(type, field, mostDepth - 1);
  }
  return { contentTopic, timestampNs, message: message as Published['message'] };
}

const empty = new Uint8Array();
