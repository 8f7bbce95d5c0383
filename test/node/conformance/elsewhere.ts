/** Rows that no client over both ways can show. */
export interface Elsewhere {
  readonly names: readonly string[];
  readonly says: string;
  readonly where: string;
}

const below = '`test/node/conformance.test.ts`, over one of the two';

export const elsewhere: readonly Elsewhere[] = [
  { names: ['HTTPNotFound', 'HTTPRootPath'], says: 'an unknown path is answered as the gateway does, the root with a page', where: below },
  { names: ['Health'], says: '`grpc.health.v1`, `/healthz` and `/readyz`', where: `\`test/node/health-api.test.ts\`; ${below}` },
  {
    names: ['Subscribe2ClientClose', 'Subscribe2UpdateTopics'],
    says: 'each request takes the place of the topics before; there is no path for JSON',
    where: below,
  },
  { names: ['Subscribe_ContextTimeout'], says: 'a stream ends with the deadline of its client', where: below },
  { names: ['GRPCMaxMessageSize'], says: '50 MiB of a request, and no more', where: '`test/node/one-port.test.ts`' },
  {
    names: ['Cleaner: none', 'Cleaner: less than a batch', 'Cleaner: a batch', 'Cleaner: more than a batch'],
    says: 'what is older than its kind is kept goes, some rows at a time; off unless it is set',
    where: '`test/node/operating.test.ts`, `test/node/store-suite.ts`',
  },
  {
    names: [
      'Limiter: Spend',
      'Limiter: Initialize',
      'Limiter: WithTime',
      'Limiter: MaxBucket',
      'Limiter: Concurrent',
      'Limiter: BucketExpiration',
    ],
    says: 'a burst passes, the rest at its rate, each for himself; full buckets are forgotten',
    where: '`test/node/limits.test.ts`; differs: who calls often is refilled too',
  },
  {
    names: ['Limiter: MaxUint16'],
    says: 'costs are not counted modulo 65,536',
    where: '`test/node/limits.test.ts`; differs: there they are',
  },
  {
    names: ['Nodes: PublishSubscribeQuery_SharedDB', 'Nodes: Deployment', 'Nodes: NewShutdown'],
    says: 'several nodes on one database, started and stopped in turn, serve every client',
    where: '`test/node/postgres.test.ts`',
  },
  {
    names: ['Nodes: PublishSubscribeQuery_DifferentDBs', 'Nodes: DataPartition', 'Nodes: StaticNodesReconnect', 'Resume'],
    says: 'nodes with stores of their own come to hold the same, also after they were parted',
    where: '`test/node/relay`, [network.md](network.md)',
  },
  {
    names: ['Store client: queries', 'Resume: ExcludeRelayPings'],
    says: 'the store answers other nodes, and pings are no messages',
    where: '`test/node/relay/store-query.test.ts`',
  },
  { names: ['Benchmark_SubscribePublishQuery'], says: 'figures are apart from tests', where: '`npm run bench -- node`' },
];

/** The tests of xmtp-node-go in its time of V2, by their names there, those of its packages with the package before. */
export const reference: readonly string[] = [
  ...['HTTPNotFound', 'HTTPRootPath', 'SubscribePublishQuery', 'SubscribePublishToEphemeralV1Topic', 'SubscribePublishToEphemeralV2Topic'],
  ...['MaxContentTopicLength', 'Libp2pMaxMessageSize', 'GRPCMaxMessageSize', 'QueryNoTopics', 'QueryTooManyRows', 'QueryNonExistentTopic'],
  ...['SubscribeClientClose', 'Subscribe2ClientClose', 'Subscribe2UpdateTopics', 'SubscribeAllClientClose', 'SubscribeServerClose'],
  ...[
    'SubscribeAllServerClose',
    'Subscribe_ContextTimeout',
    'Subscribe_ContextCancel',
    'MultipleSubscriptions',
    'QueryPaging',
    'BatchQuery',
  ],
  ...['BatchQueryOverLimitError', 'Publish_DenyListed', 'Ratelimits_Regular', 'Ratelimits_Priority', 'LargeQueryTesting'],
  ...['Benchmark_SubscribePublishQuery', 'Health', 'E2E'],
  ...['AuthnNoToken', 'AuthnNoTokenNonV0', 'AuthnNoTokenMixedV0MLS', 'AuthnAllowedWithoutAuthn', 'AuthnTokenMissingIdentityKey'],
  ...['AuthnTokenMissingAuthData', 'AuthnValidToken', 'AuthnExpiredToken', 'AuthnRestrictedTopicAllowed', 'AuthnRestrictedTopicDisallowed'],
  ...['NominalV2', 'XmtpjsToken', 'BadAuthSig', 'SignatureMismatch', 'DecodeInvalidToken', 'DecodeEmptyToken'],
  ...[
    'QuerySimple',
    'MultipleTopics',
    'NoTopics',
    'StartTime',
    'TimeWindow',
    'TimeAndTopic',
    'DirectionSingleField',
    'CursorTimestamp',
  ].map((name) => `Store: ${name}`),
  ...['CursorTimestampBackwards', 'CursorTimestampTie', 'PagingInfoGeneration', 'PagingInfoWithFilter', 'LastPage', 'PageSizeOne'].map(
    (name) => `Store: ${name}`,
  ),
  ...['none', 'less than a batch', 'a batch', 'more than a batch'].map((name) => `Cleaner: ${name}`),
  ...['Spend', 'Initialize', 'WithTime', 'MaxBucket', 'AllowListed', 'MaxUint16', 'Concurrent', 'BucketExpiration'].map(
    (name) => `Limiter: ${name}`,
  ),
  ...['category table', 'ephemeral'].map((name) => `Topics: ${name}`),
  ...['check', 'delete', 'unknown wallet'].map((name) => `Allow list: ${name}`),
  ...[
    'PublishSubscribeQuery_DifferentDBs',
    'PublishSubscribeQuery_SharedDB',
    'DataPartition',
    'Deployment',
    'StaticNodesReconnect',
    'NewShutdown',
  ].map((name) => `Nodes: ${name}`),
  ...['Resume', 'Resume: ExcludeRelayPings', 'Store client: queries'],
];
