const json = (/** @type {unknown} */ value) => JSON.stringify(value, null, 2);
/** An id of a message: `xmtp_listMessages` has real ones. */
const reference = '0'.repeat(64);
const bytes = (/** @type {number} */ count) => ({ $bytes: btoa('\0'.repeat(count)).replace(/=+$/, '') });

/** For each type of content that can be sent, one in its form. */
export const samples = new Map([
  ['', 'Hello from the sample site.'],
  ['xmtp.org/text:1.0', 'Hello from the sample site.'],
  ['xmtp.org/markdown:1.0', '**Hello** from the *sample site*.'],
  ['xmtp.org/reply:1.0', json({ reference, content: 'Yes, gladly.' })],
  ['xmtp.org/reaction:1.0', json({ reference, action: 'added', schema: 'unicode', content: '👍' })],
  ['xmtp.org/attachment:1.0', json({ filename: 'note.txt', mimeType: 'text/plain', data: { $bytes: 'SGVsbG8' } })],
  [
    'xmtp.org/remoteStaticAttachment:1.0',
    json({
      url: 'https://files.example/sealed',
      contentDigest: reference,
      salt: bytes(32),
      nonce: bytes(12),
      secret: bytes(32),
      scheme: 'https://',
      contentLength: 1024,
      filename: 'photo.jpg',
    }),
  ],
  ['xmtp.org/readReceipt:1.0', json({})],
  ['xmtp.org/transactionReference:1.0', json({ namespace: 'eip155', networkId: 1, reference: `0x${reference}` })],
  ['xmtp.org/composite:1.0', json({ parts: [{ content: 'Two parts,' }, { content: 'this is the second.' }] })],
]);
