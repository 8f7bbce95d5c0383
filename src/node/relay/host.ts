import { hash } from 'node:crypto';
import type { RelayIdentity } from './identity.ts';

/** What we use of libp2p. Its own types are not named, so that everything else compiles and runs where it is not installed. */
export interface Host {
  readonly peerId: PeerId;
  readonly services: { readonly pubsub: PubSub };
  start(): Promise<void>;
  stop(): Promise<void>;
  getMultiaddrs(): { toString(): string }[];
  getPeers(): PeerId[];
  dial(address: unknown, options?: { signal: AbortSignal }): Promise<{ readonly remotePeer: PeerId }>;
  dialProtocol(peer: PeerId, protocol: string, options?: { signal: AbortSignal }): Promise<Stream>;
  hangUp(peer: PeerId): Promise<void>;
  getConnections(peer: PeerId): { abort(error: Error): void }[];
  handle(
    protocol: string,
    handler: (stream: Stream, connection: { readonly remotePeer: PeerId }) => unknown,
    options?: object,
  ): Promise<void>;
  addEventListener(name: 'peer:connect' | 'peer:disconnect', listener: (event: { readonly detail: PeerId }) => void): void;
}

export interface PeerId {
  toString(): string;
}

export interface Stream extends AsyncIterable<Uint8Array | { subarray(): Uint8Array }> {
  send(data: Uint8Array): boolean;
  close(options?: { signal: AbortSignal }): Promise<void>;
  abort(error: Error): void;
  onDrain(options?: { signal: AbortSignal }): Promise<void>;
}

interface PubSub {
  protocols: string[];
  readonly topicValidators: Map<string, (peer: PeerId, message: { readonly data: Uint8Array }) => Promise<'accept' | 'ignore' | 'reject'>>;
  readonly score: { score(peer: string): number };
  /** The streams on which we hand on, by peer. */
  readonly streamsOutbound: ReadonlyMap<string, unknown>;
  /** Those that speak the relay protocol. */
  getPeers(): PeerId[];
  subscribe(topic: string): void;
  publish(topic: string, data: Uint8Array): Promise<{ readonly recipients: readonly PeerId[] }>;
  getSubscribers(topic: string): PeerId[];
}

/** The relay was asked for and its packages are not there. */
export class RelayMissingError extends Error {
  override readonly name = 'RelayMissingError';
}

export const relayProtocol = '/vac/waku/relay/2.0.0';
/** The same between nodes of our kind; under this name they tell each other what each has already, and need not be sent. */
const ownRelayProtocol = '/meshsub/1.2.0';

/** How long a peer has to answer a question about its store. */
export const storeTimeoutMs = 30_000;

/** Below it a peer is not listened to any more, and is sent away. */
export const worstScore = -80;

/** Bytes that wait for a peer which does not take them; with more its stream is ended. */
const maxWaitingBytes = 8 << 20;

/** What the relay consists of, with the versions that were tried together. */
export const relayPackages: Readonly<Record<string, string>> = {
  libp2p: '3.3.11',
  '@libp2p/crypto': '5.1.23',
  '@libp2p/gossipsub': '17.1.1',
  '@libp2p/identify': '4.1.14',
  '@libp2p/mplex': '12.0.32',
  '@libp2p/noise': '17.0.3',
  '@libp2p/tcp': '11.0.28',
  '@libp2p/yamux': '8.0.3',
  '@multiformats/multiaddr': '13.0.3',
};

type Make = (options?: object) => unknown;
type Module = Readonly<Record<string, Make>>;

/** Makes a libp2p host that speaks Waku relay; it does not run yet. `isBanned` keeps peers out. @throws RelayMissingError */
export async function createHost({
  listen,
  identity,
  topics,
  isBanned,
  scoreOf = () => 0,
}: {
  /** Multiaddresses. */
  readonly listen: readonly string[];
  readonly identity: RelayIdentity;
  readonly topics: readonly string[];
  isBanned(peerId: string): boolean;
  /** What we think of a peer beside what the relay sees of it. */
  scoreOf?(peerId: string): number;
}): Promise<{ readonly host: Host; multiaddr(text: string): unknown }> {
  polyfill();
  const load = async (name: string): Promise<Module> => {
    try {
      return (await import(name)) as Module;
    } catch (cause) {
      const install = Object.entries(relayPackages).map(([each, version]) => `${each}@${version}`);
      throw new RelayMissingError(
        `The relay needs packages that are not installed (${name}). In the folder of the node: npm install ${install.join(' ')}`,
        { cause },
      );
    }
  };
  const call = async (name: string, member: string, options?: object): Promise<unknown> => ((await load(name))[member] as Make)(options);
  const { privateKeyFromRaw } = (await load('@libp2p/crypto/keys')) as unknown as { privateKeyFromRaw(raw: Uint8Array): unknown };
  const { multiaddr } = (await load('@multiformats/multiaddr')) as unknown as { multiaddr(text: string): unknown };
  const pubsub = await call('@libp2p/gossipsub', 'gossipsub', {
    globalSignaturePolicy: 'StrictNoSign',
    // Over all bytes: a message whose voucher somebody spoilt is another one, and does not hide the good one.
    msgIdFn: ({ data }: { data: Uint8Array }) => hash('sha256', data, 'buffer'),
    allowedTopics: [...topics],
    allowPublishToZeroTopicPeers: true,
    ignoreDuplicatePublishError: true,
    fallbackToFloodsub: false,
    doPX: false,
    // Every message is a commit; more of them at once share it.
    messageProcessingConcurrency: 256,
    maxOutboundBufferSize: maxWaitingBytes,
    // Bundles; of a message alone the word would cost as much as the message.
    idontwantMinDataSize: 4096,
    scoreParams: scoreParams(topics, scoreOf),
    scoreThresholds: { gossipThreshold: -20, publishThreshold: -40, graylistThreshold: worstScore },
  });
  const host = (await call('libp2p', 'createLibp2p', {
    start: false,
    privateKey: privateKeyFromRaw(identity.privateKey),
    addresses: { listen: [...listen] },
    transports: [await call('@libp2p/tcp', 'tcp')],
    connectionEncrypters: [await call('@libp2p/noise', 'noise')],
    // Every question to the store is a stream; of Mplex five in a second would end the connection.
    streamMuxers: [await call('@libp2p/yamux', 'yamux'), await call('@libp2p/mplex', 'mplex', { disconnectThreshold: 500 })],
    connectionManager: { maxConnections: 200, inboundConnectionThreshold: 50 },
    connectionGater: {
      denyDialMultiaddr: () => false,
      denyInboundEncryptedConnection: (peer: PeerId) => isBanned(peer.toString()),
    },
    services: { identify: await call('@libp2p/identify', 'identify'), pubsub },
  })) as Host;
  // Its option of this name is not read.
  host.services.pubsub.protocols = [ownRelayProtocol, relayProtocol];
  return { host, multiaddr };
}

/** A message that no honest peer hands on costs the square of their number, and is forgotten slowly. Everything else is left to the mesh. */
function scoreParams(topics: readonly string[], scoreOf: (peerId: string) => number): object {
  const topic = {
    topicWeight: 1,
    timeInMeshWeight: 0.01,
    timeInMeshQuantum: 1000,
    timeInMeshCap: 1000,
    firstMessageDeliveriesWeight: 0.1,
    firstMessageDeliveriesDecay: 0.9,
    firstMessageDeliveriesCap: 100,
    // Quiet peers are no bad peers: conversations pause.
    meshMessageDeliveriesWeight: 0,
    meshFailurePenaltyWeight: 0,
    invalidMessageDeliveriesWeight: -4,
    invalidMessageDeliveriesDecay: 0.997,
  };
  return {
    topics: Object.fromEntries(topics.map((name) => [name, topic])),
    topicScoreCap: 20,
    appSpecificScore: scoreOf,
    appSpecificWeight: 1,
    // Several operators may share an address; what they do counts, not where they are.
    IPColocationFactorWeight: 0,
    retainScore: 3_600_000,
  };
}

/** libp2p uses what Node has from version 22 on. */
function polyfill(): void {
  (Promise as { withResolvers?: unknown }).withResolvers ??= <T>() => {
    let resolve: (value: T) => void = () => {};
    let reject: (reason: unknown) => void = () => {};
    const promise = new Promise<T>((yes, no) => {
      resolve = yes;
      reject = no;
    });
    return { promise, resolve, reject };
  };
}
