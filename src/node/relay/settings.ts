import { listOf, type Setting, wholeNumber } from '../setting.ts';
import { publicKeyOf } from './identity.ts';
import type { RelaySettings } from './relay.ts';
import { parseShards } from './shards.ts';

/** The settings of the network, among those of the node. */
export const relaySettings = {
  relay: {
    flag: 'relay',
    value: 'LIST',
    fallback: '',
    about: 'takes part in a network of nodes and listens at these multiaddresses: /ip4/0.0.0.0/tcp/60000',
    fault: (text) => (listOf(text).every((each) => each.startsWith('/')) ? null : 'multiaddresses such as /ip4/0.0.0.0/tcp/60000'),
  },
  peers: {
    flag: 'peers',
    value: 'LIST',
    fallback: '',
    about: 'nodes to stay connected to: /dns4/node.example/tcp/60000/p2p/12D3…',
    fault: (text) =>
      listOf(text).every((each) => /^\/.+\/p2p\/\w+$/.test(each)) ? null : 'multiaddresses that end in /p2p/ and the id of the peer',
  },
  peersDns: {
    flag: 'peers-dns',
    value: 'NAME',
    fallback: '',
    about: 'a DNS name whose TXT records list more of them: "peer=/dns4/…"',
    fault: () => null,
  },
  trust: {
    flag: 'trust',
    value: 'LIST',
    fallback: '',
    about:
      'ids of the nodes (12D3…) whose word counts that an envelope came from a user within limits; of all others only contacts are taken',
    fault: (text) => (listOf(text).every((each) => publicKeyOf(each) !== null) ? null : 'ids of nodes (12D3KooW…), separated by commas'),
  },
  relayTopic: {
    flag: 'relay-topic',
    value: 'TOPIC',
    fallback: '/waku/2/default-waku/proto',
    about: 'the pubsub topic of the network, or its static shards: /waku/2/rs/16/0-7',
    fault: (text) => (parseShards(text) ? null : 'a topic that begins with /waku/2/, or shards such as /waku/2/rs/16/0-7'),
  },
  homeRate: {
    flag: 'home-rate',
    value: 'NUMBER',
    fallback: '1000',
    about: 'envelopes per second that come under the word of one other node (a hundred times as many at once); 0: no limit',
    fault: wholeNumber(0, 1_000_000),
  },
  contactRate: {
    flag: 'contact-rate',
    value: 'NUMBER',
    fallback: '5',
    about: 'contacts per second from one peer that is not trusted (a hundred times as many at once); 0: no limit',
    fault: wholeNumber(0, 1_000_000),
  },
  ignoredRate: {
    flag: 'ignored-rate',
    value: 'NUMBER',
    fallback: '100',
    about:
      'messages of a kilobyte per second that one peer may hand on and that are not taken here (a hundred times as many at once; ten times as many of a peer that is named); 0: no limit',
    fault: wholeNumber(0, 1_000_000),
  },
  syncSeconds: {
    flag: 'sync-seconds',
    value: 'NUMBER',
    fallback: '30',
    about: 'how often the store is compared with those of peers, and what is missing fetched',
    fault: wholeNumber(1, 86_400),
  },
} as const satisfies Record<string, Setting>;

/** Reads them, given the text of each. Null: the node stands alone. */
export function readRelay(text: (name: keyof typeof relaySettings) => string): RelaySettings | null {
  if (text('relay') === '') return null;
  return {
    listen: listOf(text('relay')),
    peers: listOf(text('peers')),
    dnsPeers: text('peersDns') || undefined,
    trust: listOf(text('trust')),
    topic: text('relayTopic'),
    homeRate: Number(text('homeRate')),
    contactRate: Number(text('contactRate')),
    ignoredRate: Number(text('ignoredRate')),
    syncSeconds: Number(text('syncSeconds')),
  };
}
