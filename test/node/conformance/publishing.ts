import { Code } from '@connectrpc/connect';
import { expect } from 'vitest';
import { contactTopic } from '../../../src/protocol/topic.ts';
import { bob } from '../../support/people.ts';
import type { Envelope } from '../two-clients.ts';
import { envelope, type Row, refusal, start, topic } from './setting.ts';

/** What may be published, and what becomes of it. */
export const publishing: readonly Row[] = [
  {
    names: ['MaxContentTopicLength'],
    says: '300 bytes pass, one more does not',
    async hold(client) {
      await start();
      const long = (length: number): string => `/xmtp/0/m-${'x'.repeat(length - 10)}`;
      await client.publish([envelope(1, long(300))]);
      expect(await refusal(client.publish([envelope(1, long(301))]))).toEqual([Code.InvalidArgument, 'topic length too big']);
    },
  },
  {
    names: ['Libp2pMaxMessageSize'],
    says: 'the exact limit passes, one byte more does not',
    async hold(client) {
      await start();
      const sized = (length: number): Envelope => ({ ...envelope(1), message: new Uint8Array(length) });
      await client.publish([sized(1_048_214)]);
      expect(await refusal(client.publish([sized(1_048_215)]))).toEqual([Code.InvalidArgument, 'message too big']);
    },
  },
  {
    names: [],
    says: 'the same envelope twice is there once, and is no error',
    async hold(client) {
      await start();
      for (let n = 0; n < 2; n++) await client.publish([envelope(1)]);
      expect((await client.query({ contentTopics: [topic] })).envelopes).toHaveLength(1);
    },
  },
  {
    names: [],
    says: 'a publish is taken whole or not at all',
    differs: 'existing nodes keep the envelopes that come before the one that they refuse',
    async hold(client) {
      await start();
      await refusal(client.publish([envelope(1), envelope(1, contactTopic(bob.address))]));
      expect((await client.query({ contentTopics: [topic] })).envelopes).toEqual([]);
    },
  },
];
