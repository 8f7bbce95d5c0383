import { expect, test, vi } from 'vitest';
import {
  mayBeFetched,
  openRemote,
  type RemoteAttachment,
  readContent,
  sealRemote,
  type Value,
  writeContent,
} from '../../src/content-types/index.ts';
import { utf8 } from '../../src/protocol/bytes.ts';
import { encodeContent } from '../../src/protocol/content.ts';
import { sealRemoteContent } from '../../src/protocol/remote-content.ts';
import { refused } from '../protocol/refused.ts';

const file: Value = { kind: 'attachment', filename: 'a.txt', mimeType: 'text/plain', data: utf8('the file') };
const url = 'https://files.example/a';
const { payload, attachment } = await sealRemote(file);
const remote: RemoteAttachment = { ...attachment, url };

test('a file that was sealed, sent and fetched opens again', async () => {
  const read = readContent(writeContent(remote).content);
  expect(read).toEqual(remote);
  expect(await openRemote(read as RemoteAttachment, payload)).toEqual(file);
  expect(remote).toMatchObject({ filename: 'a.txt', contentLength: payload.length });
});

test('each seal has its own secret, salt and nonce', async () => {
  const { attachment: other } = await sealRemote(file);
  for (const name of ['secret', 'salt', 'nonce', 'contentDigest'] as const) expect(other[name]).not.toEqual(remote[name]);
});

test.each([
  'http://files.example/a',
  'ftp://files.example/a',
  'httpsx://a',
  'https:files.example',
  ' https://files.example',
  '/a',
  '',
  'https://',
])('the address %j is not https, and is neither written nor read', async (address) => {
  await refused('unsupported', () => writeContent({ ...remote, url: address }));
  const { content } = writeContent(remote);
  await refused('unsupported', () => readContent({ ...content, content: utf8(address) }));
});

test('an address with a password is refused', () =>
  refused('malformed', () => writeContent({ ...remote, url: 'https://me:secret@files.example/' })));

test.each([
  ['scheme', undefined, 'unsupported'],
  ['scheme', 'http://', 'unsupported'],
  ['contentDigest', undefined, 'malformed'],
  ['contentDigest', 'AB'.repeat(32), 'malformed'],
  ['contentDigest', 'ab'.repeat(31), 'malformed'],
  ['salt', 'zz', 'malformed'],
  ['salt', '00'.repeat(31), 'malformed'],
  ['nonce', '00'.repeat(11), 'malformed'],
  ['secret', undefined, 'malformed'],
  ['secret', '00'.repeat(16), 'malformed'],
] as const)('the parameter %s as %j is refused', async (name, value, reason) => {
  const { content } = writeContent(remote);
  const parameters = new Map(content.parameters);
  if (value === undefined) parameters.delete(name);
  else parameters.set(name, value);
  await refused(reason, () => readContent({ ...content, parameters }));
});

test.each(['', '-1', '1.5', '1e3', 'NaN', '9'.repeat(20)])('the length %j is no hint', (length) => {
  const { content } = writeContent(remote);
  const { contentLength: _, ...rest } = remote;
  expect(readContent({ ...content, parameters: new Map([...content.parameters, ['contentLength', length]]) })).toEqual(rest);
});

test('a remote attachment within a remote content is neither sealed nor opened, however it is wrapped', async () => {
  const wrapped: Value = { kind: 'reply', content: { kind: 'composite', parts: [remote] } };
  for (const value of [remote, wrapped]) {
    await refused('malformed', () => sealRemote(value));
    // In a message itself, both are fine.
    const { payload: sealed, ...keys } = await sealRemoteContent(encodeContent(writeContent(value).content));
    await refused('malformed', () => openRemote({ ...remote, ...keys }, sealed));
  }
});

test('the digest decides before anything is decrypted', async () => {
  const decrypt = vi.spyOn(crypto.subtle, 'decrypt');
  try {
    const changed = payload.slice();
    changed[0] = (changed[0] as number) ^ 1;
    await refused('malformed', () => openRemote(remote, changed));
    await refused('malformed', () => openRemote(remote, payload.slice(0, -1)));
    await refused('malformed', () => openRemote({ ...remote, contentDigest: remote.contentDigest.toUpperCase() }, payload));
    expect(decrypt).not.toHaveBeenCalled();
    await refused('cannot-decrypt', () => openRemote({ ...remote, secret: new Uint8Array(32) }, payload));
    expect(decrypt).toHaveBeenCalledOnce();
  } finally {
    decrypt.mockRestore();
  }
});

test('a content of a type that we do not know opens as unknown', async () => {
  const frame = encodeContent({ type: 'example.com/x:1.0', parameters: new Map(), fallback: 'words', content: utf8('x') });
  const { payload: sealed, ...keys } = await sealRemoteContent(frame);
  expect(await openRemote({ ...remote, ...keys }, sealed)).toEqual({ kind: 'unknown', type: 'example.com/x:1.0', fallback: 'words' });
});

test.each([
  'https://files.example/a',
  'https://files.example:443/a',
  'https://8.8.8.8/',
  'https://100.63.0.1/',
  'https://172.32.0.1/',
  'https://[2606:4700::1111]/',
  'https://local.example/',
  'https://xn--bcher-kva.example/',
])('%s may be fetched', (address) => expect(mayBeFetched(address)).toBe(true));

test.each([
  'http://files.example/a',
  'https://files.example:8443/a',
  'https://me@files.example/',
  'https://localhost/',
  'https://a.localhost/',
  'https://localhost./',
  'https://router/',
  'https://printer.local/',
  'https://db.internal/',
  'https://nas.home.arpa/',
  'https://127.0.0.1/',
  'https://2130706433/',
  'https://0x7f.1/',
  'https://0177.0.0.1./',
  'https://０x7f.1/',
  'https://0.0.0.0/',
  'https://10.1.2.3/',
  'https://100.64.0.1/',
  'https://169.254.169.254/',
  'https://172.16.0.1/',
  'https://192.168.1.1/',
  'https://192.0.0.8/',
  'https://198.18.0.1/',
  'https://224.0.0.1/',
  'https://255.255.255.255/',
  'https://[::]/',
  'https://[::1]/',
  'https://[::ffff:127.0.0.1]/',
  'https://[::ffff:8.8.8.8]/',
  'https://[64:ff9b::7f00:1]/',
  'https://[fc00::1]/',
  'https://[fe80::1]/',
  'https://[ff02::1]/',
  'https://[2001::1]/',
  'https://[2001:db8::1]/',
  'https://[2002:7f00:1::]/',
  'data:text/plain,x',
  'no address',
])('%s may not be fetched', (address) => expect(mayBeFetched(address)).toBe(false));
