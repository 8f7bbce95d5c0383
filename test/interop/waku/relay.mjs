// One of several js-waku relays of the bench: publishes as fast as it is taken, or counts what comes. Driven over the parent's channel.
Promise.withResolvers ??= () => {
  const it = {};
  it.promise = new Promise((resolve, reject) => Object.assign(it, { resolve, reject }));
  return it;
};

const [{ createLibp2p }, { tcp }, { noise }, { mplex }, { identify }] = await Promise.all(
  ['libp2p', '@libp2p/tcp', '@chainsafe/libp2p-noise', '@libp2p/mplex', '@libp2p/identify'].map((name) => import(name)),
);
const { wakuGossipSub, wakuRelay } = await import('@waku/relay');
const { createDecoder, createEncoder } = await import('@waku/core');
const { multiaddr } = await import('@multiformats/multiaddr');

const pubsubTopic = '/waku/2/default-waku/proto';
const contentTopic = '/xmtp/0/m-bench/proto';
const libp2p = await createLibp2p({
  addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
  transports: [tcp()],
  connectionEncryption: [noise()],
  streamMuxers: [mplex()],
  services: { identify: identify(), pubsub: wakuGossipSub({ allowPublishToZeroTopicPeers: true }) },
});
await libp2p.start();
const relay = wakuRelay([pubsubTopic])(libp2p);
let came = 0;
relay.subscribe([createDecoder(contentTopic, pubsubTopic)], () => {
  came += 1;
});
const encoder = Object.assign(createEncoder({ contentTopic }), { pubsubTopic });

process.on('message', async ({ id, command, address, count, from }) => {
  const answer = async () => {
    if (command === 'dial') await libp2p.dial(multiaddr(address));
    if (command === 'peers') return relay.getMeshPeers(pubsubTopic).length;
    if (command === 'came') return came;
    if (command === 'publish')
      for (let n = 0; n < count; n += 50)
        await Promise.all(
          Array.from({ length: Math.min(50, count - n) }, (_, index) => {
            const payload = Buffer.alloc(400, 7);
            payload.writeUInt32BE(from + n + index);
            return relay.send(encoder, { payload });
          }),
        );
    return 0;
  };
  process.send({ id, value: await answer() });
});
process.on('disconnect', () => process.exit());
process.send({ address: libp2p.getMultiaddrs()[0].toString() });
