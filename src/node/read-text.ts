import type { BinaryReader } from '@bufbuild/protobuf/wire';

/** Reads a field of text as `reader.string(true)` does: names of topics are plain letters nearly always, for which asking a decoder takes longer than all else that is done with them. */
export function readText(reader: BinaryReader): string {
  const start = reader.pos;
  const bytes = reader.bytes();
  for (let at = 0; at < bytes.length; at++)
    if ((bytes[at] as number) > 127) {
      reader.pos = start;
      return reader.string(true);
    }
  return Buffer.prototype.latin1Slice.call(bytes, 0, bytes.length);
}
