import { afterEach, describe, expect, test } from 'vitest';
import { alice } from '../../support/people.ts';
import { Wire } from '../../support/wire.ts';
import { api, bearer } from '../clients.ts';
import { addressOf, hasRelay, idOf, meeting, startRelaying, stopAll, until } from './network.ts';

afterEach(stopAll);

describe.skipIf(!hasRelay)('a peer that does not take what is handed on', () => {
  test('fills no memory: it is parted from, and has everything when it comes back', async () => {
    const a = await startRelaying({});
    const wire = await Wire.to(Number(/\/tcp\/(\d+)/.exec(addressOf(a))?.[1]));
    const b = await startRelaying({}, { peers: [addressOf(a).replace(/\/tcp\/\d+/, `/tcp/${wire.port}`)], trust: [idOf(a)] });
    await meeting(a, b);
    const topic = '/xmtp/0/groupInvite-slow/proto';
    const rows = async () => (await api(b.url).query({ contentTopics: [topic] })).envelopes.length;
    let sent = 0;
    const publish = async (count: number): Promise<void> => {
      const envelopes = Array.from({ length: count }, () => {
        const message = Buffer.alloc(400_000, 1);
        message.writeUInt32BE(sent++);
        return { contentTopic: topic, timestampNs: BigInt(sent), message };
      });
      await api(a.url).publish({ envelopes }, { headers: bearer(alice) });
    };
    await publish(1);
    await until('it is handed on', async () => (await rows()) === 1);
    wire.hold('back');
    const report = () => a.relay?.peers().find(({ peer }) => peer === idOf(b));
    // More than may wait at once, since a connection that is silent for ten seconds ends by itself; what comes on top is too much.
    await publish(30);
    for (let n = 0; n < 10 && report()?.connected; n++) await publish(1);
    await until('they are parted', () => !report()?.connected);
    expect(report()?.fault).toContain('does not take what is handed on');
    wire.mend();
    await until('it has everything', async () => (await rows()) === sent);
    wire.close();
  });
});
