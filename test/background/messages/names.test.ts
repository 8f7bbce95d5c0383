import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { nicknameOf } from '../../../src/background/messages/names.ts';
import { type RunningNode, startNode } from '../../../src/node/start-node.ts';
import { longestNickname } from '../../../src/rpc/views/conversations.ts';
import { bob, carol } from '../../support/people.ts';
import { makeWallet, newPerson, type Person, passphrase } from '../device.ts';

let node: RunningNode;
let me: Person;

beforeAll(async () => {
  node = await startNode();
});
afterAll(() => node.close());
beforeEach(async () => {
  me = await newPerson(node.url);
  return () => me.device.close();
});

describe('names of other people', () => {
  it('are kept over a death, and not shown while locked', async () => {
    const { names } = me.life.services;
    await names.put(bob.address.toLowerCase(), '  Bob  from work ');
    await names.put(carol.address, 'Carol');
    await names.put(carol.address, '');
    me.life.kill();
    const next = await me.device.start();
    expect(await next.services.names.all()).toEqual({ [bob.address]: 'Bob from work' });
    await next.services.accounts.lock();
    await expect(next.services.names.all()).rejects.toMatchObject({ reason: 'locked' });
  });

  it('tell the extension’s pages when they change', async () => {
    const heard: string[] = [];
    me.life.events.on((event) => heard.push(event));
    await me.life.services.names.put(bob.address, 'Bob');
    expect(heard).toContain('names');
  });

  it('are one line of a bounded length, without what turns or hides text', () => {
    expect(nicknameOf('a\u202eb\u200b\nc')).toBe('a b c');
    expect(nicknameOf('👩\u200d🔬')).toBe('👩\u200d🔬');
    expect(() => nicknameOf('x'.repeat(longestNickname + 1))).toThrow(expect.objectContaining({ reason: 'bad-params' }));
    expect(nicknameOf('😀'.repeat(longestNickname))).toHaveLength(2 * longestNickname);
  });

  it('go with a backup file, and give way to those that are here', async () => {
    const { services } = me.life;
    await services.names.put(bob.address, 'Bob');
    await services.names.put(carol.address, 'Carol');
    const file = 'a passphrase of its own';
    const { id, size } = await services.backups.make(passphrase, file, false);
    const bytes = await services.parcels.read(id, 0);
    await services.names.put(bob.address, 'Robert');
    await services.names.put(carol.address, '');
    const { id: incoming } = await services.parcels.receive(size);
    await services.parcels.put(incoming, 0, bytes);
    await services.backups.open(incoming, file);
    await services.backups.restore(incoming, passphrase);
    expect(await services.names.all()).toEqual({ [bob.address]: 'Robert', [carol.address]: 'Carol' });
  });

  it('belong to their account', async () => {
    await me.life.services.names.put(bob.address, 'Bob');
    await makeWallet(me.life, passphrase, node.url);
    expect(await me.life.services.names.all()).toEqual({});
    await me.life.services.accounts.switchTo(me.address);
    expect(await me.life.services.names.all()).toEqual({ [bob.address]: 'Bob' });
  });
});
