import { expect, test } from 'vitest';
import { toHex, utf8 } from '../../src/protocol/bytes.ts';
import { sha256 } from '../../src/protocol/hash.ts';
import { maxRemoteLength, openRemoteContent, sealRemoteContent } from '../../src/protocol/remote-content.ts';
import { refused } from './refused.ts';

test('what was sealed opens; its digest is that of the sealed bytes', async () => {
  const { payload, ...keys } = await sealRemoteContent(utf8('a frame'));
  expect(keys.contentDigest).toBe(toHex(sha256(payload)));
  expect([keys.secret.length, keys.salt.length, keys.nonce.length]).toEqual([32, 32, 12]);
  expect(payload).toHaveLength(7 + 16);
  expect(await openRemoteContent(keys, payload)).toEqual(utf8('a frame'));
});

test('another digest, nothing at all, wrong sizes and wrong keys are refused', async () => {
  const { payload, ...keys } = await sealRemoteContent(utf8('a frame'));
  await refused('malformed', () => openRemoteContent({ ...keys, contentDigest: toHex(sha256(utf8('x'))) }, payload));
  await refused('malformed', () => openRemoteContent({ ...keys, contentDigest: keys.contentDigest.toUpperCase() }, payload));
  const nothing = new Uint8Array(0);
  await refused('malformed', () => openRemoteContent({ ...keys, contentDigest: toHex(sha256(nothing)) }, nothing));
  const short = payload.slice(0, 15);
  await refused('malformed', () => openRemoteContent({ ...keys, contentDigest: toHex(sha256(short)) }, short));
  await refused('malformed', () => openRemoteContent({ ...keys, nonce: keys.nonce.slice(1) }, payload));
  await refused('malformed', () => openRemoteContent({ ...keys, salt: keys.salt.slice(1) }, payload));
  await refused('cannot-decrypt', () => openRemoteContent({ ...keys, secret: keys.salt }, payload));
});

test('25 MiB are sealed and opened, a byte more is neither', async () => {
  const { payload, ...keys } = await sealRemoteContent(new Uint8Array(maxRemoteLength - 16));
  expect(payload).toHaveLength(maxRemoteLength);
  expect((await openRemoteContent(keys, payload)).length).toBe(maxRemoteLength - 16);
  await refused('too-large', () => sealRemoteContent(new Uint8Array(maxRemoteLength - 15)));
  await refused('too-large', () => openRemoteContent(keys, new Uint8Array(maxRemoteLength + 1)));
});
