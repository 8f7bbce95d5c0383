import { expect, test } from 'vitest';
import { digestOf } from '../../src/node/store/digest.ts';
import { utf8 } from '../../src/protocol/bytes.ts';
import { envelopeDigest } from '../../src/protocol/envelope.ts';

test.each(['', '/xmtp/0/invite-0x/proto', '/xmtp/0/m-ä€😀/proto'])(
  'the digest of a stored envelope of %j is that of the protocol',
  (topic) => {
    for (const message of [new Uint8Array(), utf8('hello'), new Uint8Array(100_000).fill(7)])
      expect(new Uint8Array(digestOf(topic, message))).toEqual(new Uint8Array(envelopeDigest(topic, message)));
  },
);
