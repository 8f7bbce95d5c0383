// A peer that consists of the official js-waku alone, as a process of its own: it brings another libp2p, and adds to Promise what Node 20 lacks.
// It says what it sees as lines of JSON, and takes commands in the same form.
import { createInterface } from 'node:readline';

Promise.withResolvers ??= () => {
  const it = {};
  it.promise = new Promise((resolve, reject) => Object.assign(it, { resolve, reject }));
  return it;
};

const [{ createLibp2p }, { tcp }, { noise }, { mplex }, { identify }] = await Promise.all(
  ['libp2p', '@libp2p/tcp', '@chainsafe/libp2p-noise', '@libp2p/mplex', '@libp2p/identify'].map((name) => import(name)),
);
const { wakuGossipSub, wakuRelay } = await import('@waku/relay');
const { createDecoder, createEncoder, StoreCore } = await import('@waku/core');
const { multiaddr } = await import('@multiformats/multiaddr');

const [address, pubsubTopic] = process.argv.slice(2);
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const hex = (bytes) => Buffer.from(bytes ?? []).toString('hex');

const libp2p = await createLibp2p({
  transports: [tcp()],
  connectionEncryption: [noise()],
  streamMuxers: [mplex()],
  services: { identify: identify(), pubsub: wakuGossipSub({ allowPublishToZeroTopicPeers: true }) },
});
await libp2p.start();
const relay = wakuRelay([pubsubTopic])(libp2p);
const connection = await libp2p.dial(multiaddr(address));
const store = new StoreCore([pubsubTopic], libp2p);
const shown = ({ payload, contentTopic, timestamp }) => ({ payload: hex(payload), contentTopic, atMs: timestamp?.getTime() });

for await (const line of createInterface({ input: process.stdin })) {
  const { command, contentTopic, payload, atMs, forward } = JSON.parse(line);
  if (command === 'subscribe') {
    relay.subscribe([createDecoder(contentTopic, pubsubTopic)], (message) => say({ seen: shown(message) }));
    say({ done: command });
  } else if (command === 'peers') {
    say({ peers: relay.getMeshPeers(pubsubTopic).length });
  } else if (command === 'publish') {
    const encoder = createEncoder({ contentTopic, pubsubTopicShardInfo: undefined, ephemeral: false });
    Object.assign(encoder, { pubsubTopic });
    const result = await relay.send(encoder, { payload: Buffer.from(payload, 'hex'), timestamp: new Date(atMs) });
    say({ published: result.successes?.length ?? 0, failures: (result.failures ?? []).map(({ error }) => error) });
  } else if (command === 'query') {
    const peer = await libp2p.peerStore.get(connection.remotePeer);
    const decoders = new Map([[contentTopic, createDecoder(contentTopic, pubsubTopic)]]);
    const found = [];
    const pages = [];
    const options = { includeData: true, pubsubTopic, contentTopics: [contentTopic], paginationForward: forward, paginationLimit: 4 };
    for await (const page of store.queryPerPage(options, decoders, peer)) {
      const messages = await Promise.all(page);
      pages.push(messages.length);
      found.push(...messages.map(shown));
    }
    say({ found, pages });
  }
}
await libp2p.stop();
