import { readFileSync } from 'node:fs';
import { create, toBinary } from '@bufbuild/protobuf';
import { Code } from '@connectrpc/connect';
import { expect } from 'vitest';
import { TokenSchema } from '../../../src/gen/xmtp/message_api/v1/authn_pb.ts';
import { createAuthToken } from '../../../src/protocol/auth-token.ts';
import { toBase64 } from '../../../src/protocol/bytes.ts';
import { contactTopic, privateStoreTopic } from '../../../src/protocol/topic.ts';
import { alice, bob } from '../../support/people.ts';
import { bearer } from '../clients.ts';
import { envelope, type Headers, here, listFile, many, type Row, refusal, start, topic } from './setting.ts';

interface Token {
  readonly id: string;
  readonly category: string;
  readonly in: { readonly token: string; readonly nowMs: string };
  readonly out: { readonly ok: boolean; readonly messageContains?: string };
}
const vectors = new URL('../../vectors/auth-tokens.json', import.meta.url);
/** Tokens as existing clients made them, and what was done to them. */
const tokens = (JSON.parse(readFileSync(vectors, 'utf8')) as { readonly cases: readonly Token[] }).cases.filter(
  ({ id }) => id.includes('/node-') && id.endsWith('/1'),
);
/** The tests of the reference that use such tokens. */
const tokenRows: Readonly<Record<string, readonly string[]>> = {
  'node-valid': ['NominalV2', 'XmtpjsToken'],
  'node-tampered-auth-data': ['BadAuthSig'],
  'node-wallet-mismatch': ['SignatureMismatch'],
  'node-signature-missing': ['AuthnTokenMissingAuthData'],
};

/** Who may do what, and how much. */
export const access: readonly Row[] = [
  {
    names: ['Publish_DenyListed', 'Allow list: check', 'Allow list: delete', 'Allow list: unknown wallet'],
    says: 'a wallet on the list is refused until it is off the list, others are not',
    differs: 'the list is a file that is read again when it changes, not a table',
    async hold(client) {
      const lists = listFile({ deny: [alice.address] });
      await start({ lists: lists.path });
      expect(await refusal(client.publish([envelope(1)]))).toEqual([Code.PermissionDenied, 'wallet is deny listed']);
      await client.publish([envelope(1)], bearer(bob));
      lists.write('{');
      here.node.reload();
      expect((await refusal(client.publish([envelope(1)])))[0]).toBe(Code.PermissionDenied);
      lists.write({ deny: [] });
      here.node.reload();
      await client.publish([envelope(2)]);
    },
  },
  {
    names: ['Ratelimits_Regular', 'Ratelimits_Priority', 'Limiter: AllowListed'],
    says: 'who is over the rate is told of it, who is allowed more is not',
    differs: 'the words name the limit and when to try again; buckets refill continuously',
    async hold(client) {
      const lists = listFile({ allow: [bob.address] }).path;
      let now = Date.now();
      await start({ lists, clock: () => now, limits: { walletPublishRate: 1 } });
      const as = (who: typeof alice): Headers => bearer(who, () => now);
      await client.publish(many(1, 100), as(alice));
      const [code, words] = await refusal(client.publish([envelope(101)], as(alice)));
      expect([code, words]).toEqual([Code.ResourceExhausted, expect.stringContaining('rate limit')]);
      await client.publish(many(200, 399), as(bob));
      now += 2000;
      await client.publish(many(102, 103), as(alice));
    },
  },
  {
    names: ['AuthnNoToken', 'AuthnTokenMissingIdentityKey', 'DecodeInvalidToken', 'DecodeEmptyToken'],
    says: 'a publish without a token, or with none that can be read, is refused in the words of existing nodes; reading needs none',
    async hold(client) {
      await start();
      const without = (change: object): Headers => ({
        authorization: `Bearer ${toBase64(toBinary(TokenSchema, create(TokenSchema, change)))}`,
      });
      for (const [headers, words] of [
        [{}, 'authorization token is not provided'],
        [{ authorization: 'Bearer' }, 'malformed'],
        [{ authorization: `Basic ${createAuthToken(alice.bundle)}` }, 'unrecognized authorization scheme'],
        [{ authorization: 'Bearer AAAA' }, 'validating token'],
        [without({ authDataBytes: Uint8Array.of(1) }), 'missing identity key'],
      ] as const) {
        const [code, message] = await refusal(client.publish([envelope(1)], headers));
        expect([code, message]).toEqual([Code.Unauthenticated, expect.stringContaining(words)]);
      }
      // Reading needs none.
      await client.query({ contentTopics: [topic] });
    },
  },
  {
    names: ['AuthnValidToken', 'AuthnExpiredToken'],
    says: 'an hour, and not longer',
    async hold(client) {
      const now = Date.now();
      await start({ clock: () => now });
      await client.publish(
        [envelope(1)],
        bearer(alice, () => now - 3_590_000),
      );
      const [code, message] = await refusal(
        client.publish(
          [envelope(1)],
          bearer(alice, () => now - 3_610_000),
        ),
      );
      expect([code, message]).toEqual([Code.Unauthenticated, expect.stringContaining('token expired')]);
    },
  },
  {
    names: ['AuthnRestrictedTopicAllowed', 'AuthnRestrictedTopicDisallowed', 'Topics: category table'],
    says: 'contacts and private stores belong to their wallet, everything else to everybody',
    async hold(client) {
      await start();
      for (const restricted of [contactTopic, privateStoreTopic]) {
        await client.publish([envelope(1, restricted(alice.address))]);
        expect(await refusal(client.publish([envelope(1, restricted(bob.address))]))).toEqual([
          Code.PermissionDenied,
          'publishing to restricted topic',
        ]);
      }
      for (const open of [
        `/xmtp/0/invite-${bob.address}/proto`,
        `/xmtp/0/intro-${bob.address}/proto`,
        '/xmtp/0/userpreferences-x/proto',
        'anything',
      ])
        await client.publish([envelope(1, open)]);
    },
  },
  {
    names: ['AuthnNoTokenNonV0', 'AuthnNoTokenMixedV0MLS', 'AuthnAllowedWithoutAuthn'],
    says: 'every publish needs a token, of whatever topic',
    differs: 'there only topics of this version do, and it can be switched off',
    async hold(client) {
      await start();
      for (const topics of [['elsewhere'], ['/xmtp/mls/1/g-x/proto'], [topic, '/xmtp/mls/1/g-x/proto']])
        expect(
          await refusal(
            client.publish(
              topics.map((each) => envelope(1, each)),
              {},
            ),
          ),
        ).toEqual([Code.Unauthenticated, expect.stringContaining('authorization token is not provided')]);
    },
  },
  ...tokens.map(
    ({ id, category, in: { token, nowMs }, out }): Row => ({
      names: tokenRows[category] ?? [],
      says: `the token ${id.replace('auth-tokens/', '')} is ${out.ok ? 'taken' : `refused: ${out.messageContains}`}`,
      async hold(client) {
        await start({ clock: () => Number(nowMs) });
        const bearer = { authorization: `Bearer ${Buffer.from(token, 'hex').toString('base64')}` };
        const answer = await refusal(client.publish([envelope(1)], bearer));
        if (out.ok) expect(answer).toEqual([0, 'taken']);
        else expect(answer).toEqual([Code.Unauthenticated, expect.stringContaining(out.messageContains ?? '')]);
      },
    }),
  ),
];
