// js-waku's client of the store, of the bench: reads all that a node has of some topics, page by page, as often as its parent asks.
Promise.withResolvers ??= () => {
  const it = {};
  it.promise = new Promise((resolve, reject) => Object.assign(it, { resolve, reject }));
  return it;
};

const [{ createLibp2p }, { tcp }, { noise }, { mplex }, { identify }] = await Promise.all(
  ['libp2p', '@libp2p/tcp', '@chainsafe/libp2p-noise', '@libp2p/mplex', '@libp2p/identify'].map((name) => import(name)),
);
const { createDecoder, StoreCore } = await import('@waku/core');
const { multiaddr } = await import('@multiformats/multiaddr');

const [address] = process.argv.slice(2);
const pubsubTopic = '/waku/2/default-waku/proto';
const libp2p = await createLibp2p({
  transports: [tcp()],
  connectionEncryption: [noise()],
  streamMuxers: [mplex()],
  services: { identify: identify() },
});
await libp2p.start();
const connection = await libp2p.dial(multiaddr(address));
const store = new StoreCore([pubsubTopic], libp2p);

process.on('message', async ({ contentTopics }) => {
  const peer = await libp2p.peerStore.get(connection.remotePeer);
  const decoders = new Map(contentTopics.map((topic) => [topic, createDecoder(topic, pubsubTopic)]));
  const begun = performance.now();
  let [count, pages] = [0, 0];
  const options = { includeData: true, pubsubTopic, contentTopics, paginationForward: true, paginationLimit: 100 };
  for await (const page of store.queryPerPage(options, decoders, peer)) {
    count += (await Promise.all(page)).length;
    pages += 1;
  }
  process.send({ count, pages, seconds: (performance.now() - begun) / 1000 });
});
process.on('disconnect', () => process.exit());
process.send({ ready: true });
