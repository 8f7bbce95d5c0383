// Plain JavaScript, since it runs under strace by itself: the built node, some publishes, and a line for each that was acknowledged.
// Arguments: main.js, the folder of the data, the file of the lines, a token, lives, publishes of each.
import { openSync, writeSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const [main, data, marks, token, lives, publishes] = process.argv.slice(2);
const { startNode } = await import(pathToFileURL(main).href);
const marker = openSync(marks, 'a');
const topics = ['/xmtp/0/groupInvite-one/proto', '/xmtp/0/groupInvite-two/proto'];

for (let life = 0; life < Number(lives); life++) {
  const node = await startNode({ data, compat: true });
  const publish = async (name) => {
    // Now and then one that is larger than a page, so that it takes several writes.
    const message = Buffer.from(name.padEnd(name.endsWith('7') ? 9000 : 40)).toString('base64');
    const response = await fetch(`${node.url}/message/v1/publish`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify({ envelopes: topics.map((contentTopic) => ({ contentTopic, timestampNs: '1', message })) }),
    });
    if (response.status !== 200) throw new Error(await response.text());
    writeSync(marker, `${name}\n`);
  };
  // Some alone, some together.
  for (let n = 0; n < Number(publishes); n += 4) {
    await publish(`${life} ${n}`);
    await Promise.all([1, 2, 3].map((more) => publish(`${life} ${n + more}`)));
  }
  await node.close();
}
