import { openRemote, readContent, sealRemote, writeContent } from '../../../src/content-types/index.ts';
import { toHex } from '../../../src/protocol/bytes.ts';
import { decodeContent, encodeContent } from '../../../src/protocol/content.ts';
import { openRemoteContent } from '../../../src/protocol/remote-content.ts';
import { type Check, mustRefuse, randomFrom, same, sameBytes, type Vector } from '../vector.ts';
import { remoteFromVector, toVector } from './content-values.ts';

/** Reads a message, opens what its address serves, and seals and writes both again. */
const openAndSeal = async ({ in: given, out }: Vector): Promise<void> => {
  const remoteBytes = given.bytes('remoteBytes');
  const remote = readContent(await decodeContent(given.bytes('messageContent')));
  if (remote.kind !== 'remote-attachment') throw new Error(`read as ${remote.kind}`);
  for (const name of ['url', 'contentDigest', 'contentLength', 'filename'] as const) same(remote[name], out.raw(name), name);
  for (const name of ['salt', 'nonce', 'secret'] as const) sameBytes(remote[name], out, name);
  sameBytes(await openRemoteContent(remote, remoteBytes), out, 'plaintextEncodedContent');
  const value = await openRemote(remote, remoteBytes);
  same(toVector(value), out.raw('attachment'), 'attachment');

  const { payload, attachment } = await sealRemote(value, () => randomFrom(out.bytes('secret'), out.bytes('salt'), out.bytes('nonce')));
  same(toHex(payload), given.text('remoteBytes'), 'sealed again');
  const { content } = writeContent({ ...attachment, url: remote.url });
  same(toHex(encodeContent(content)), given.text('messageContent'), 'written again');
};

const refuse = async ({ in: given, refused }: Vector): Promise<void> => {
  same(refused, true, 'whether the case is a refusal');
  const remote = remoteFromVector(given.fields('remoteAttachment'));
  await mustRefuse(() => openRemote(remote, given.bytes('remoteBytes')));
};

export const remoteAttachments: readonly Check[] = [
  { needs: ['messageContent', 'remoteBytes'], run: openAndSeal },
  { needs: ['remoteAttachment', 'remoteBytes'], run: refuse },
];
