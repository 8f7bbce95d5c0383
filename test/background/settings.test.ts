import { createServer, type Server } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RunningNode, startNode } from '../../src/node/start-node.ts';
import { conversationWith, Device, newPerson, type Person, passphrase, texts, until, wake } from './device.ts';

let node: RunningNode;
let devices: Device[];

beforeEach(async () => {
  node = await startNode();
  devices = [];
});

afterEach(async () => {
  for (const device of devices) await device.close();
  await node.close();
});

async function person(url = node.url): Promise<Person> {
  const someone = await newPerson(url);
  devices.push(someone.device);
  return someone;
}

describe('settings', () => {
  it('outlive the background', async () => {
    const { device, life } = await person();
    await life.services.settings.setTheme('dark');
    await life.services.settings.setLanguage('fr');
    await life.services.settings.setAutoLock(60);
    await life.services.settings.setSiteKeystore(true);
    life.kill();
    const { services } = await device.start();
    expect(await services.settings.read()).toEqual({
      nodeUrl: node.url,
      nodes: [node.url],
      standby: [],
      publishToTwo: false,
      comparison: null,
      exposure: { mode: 'all', sites: [] },
      here: null,
      autoLockMinutes: 60,
      theme: 'dark',
      language: 'fr',
      ensRpc: null,
      receipts: false,
      siteKeystore: true,
      notifications: 'name',
      backedUpAt: null,
      preKey: { count: 1, madeAt: expect.any(Number) },
      wallet: { held: 'phrase', sealsBackups: true },
      rotateDays: null,
      version: '0.0.0',
    });
    expect(await services.accounts.status()).toMatchObject({ theme: 'dark', language: 'fr' });
  });

  it('tell every page of what another one has changed', async () => {
    const { life } = await person();
    const { settings } = life.services;
    await settings.addNode('https://node.example');
    await new Promise((told) => setTimeout(told, 200));
    const changes: Record<string, () => Promise<unknown>> = {
      addNode: () => settings.addNode('https://other.example'),
      setStandby: () => settings.setStandby('https://node.example', true, passphrase),
      setPublishToTwo: () => settings.setPublishToTwo(true),
      removeNode: () => settings.removeNode('https://other.example'),
      setExposure: () => settings.setExposure('enabled'),
      exposeTo: () => settings.exposeTo('https://shop.example', true),
      setAutoLock: () => settings.setAutoLock(15),
      setRotateDays: () => settings.setRotateDays(90),
      setNotifications: () => settings.setNotifications('off'),
      setReceipts: () => settings.setReceipts(true),
      setSiteKeystore: () => settings.setSiteKeystore(true),
      setTheme: () => settings.setTheme('dark'),
      setLanguage: () => settings.setLanguage('fr'),
      setEnsRpc: () => settings.setEnsRpc('https://rpc.example', passphrase),
    };
    const silent: string[] = [];
    for (const [name, change] of Object.entries(changes)) {
      let told = 0;
      const off = life.events.on((event) => {
        if (event === 'status') told++;
      });
      await change();
      await new Promise((later) => setTimeout(later, 200));
      if (told === 0) silent.push(name);
      off();
    }
    expect(silent).toEqual([]);
  });

  it('are those of a new installation before anything was set', async () => {
    const device = new Device();
    devices.push(device);
    const { services } = await device.start();
    expect(await services.settings.read()).toMatchObject({
      nodeUrl: 'http://127.0.0.1:5555',
      autoLockMinutes: null,
      theme: 'system',
      language: 'browser',
    });
  });

  it('name who is asked for names of Ethereum only with the passphrase, and nobody without', async () => {
    const { life } = await person();
    const { settings, accounts } = life.services;
    await expect(settings.setEnsRpc('https://rpc.example/v1?key=1', 'not the passphrase')).rejects.toMatchObject({
      reason: 'wrong-passphrase',
    });
    for (const wrong of ['rpc.example', 'http://rpc.example', 'ftp://rpc.example', 'https://me:secret@rpc.example'])
      await expect(settings.setEnsRpc(wrong, passphrase)).rejects.toMatchObject({ reason: 'bad-params' });
    expect(await settings.setEnsRpc('https://rpc.example/v1?key=1', passphrase)).toMatchObject({ ensRpc: 'https://rpc.example/v1?key=1' });
    expect(await accounts.status()).toMatchObject({ ensRpc: 'https://rpc.example/v1?key=1' });
    expect(await settings.setEnsRpc(null, null)).toMatchObject({ ensRpc: null });
  });

  it('take another node only with the passphrase once there is an account', async () => {
    const { life } = await person();
    const { settings } = life.services;
    await expect(settings.setNode('http://127.0.0.1:1', null)).rejects.toMatchObject({ reason: 'wrong-passphrase' });
    await expect(settings.setNode('http://127.0.0.1:1', 'not the passphrase')).rejects.toMatchObject({ reason: 'wrong-passphrase' });
    await expect(settings.setNode('http://example.org', passphrase)).rejects.toMatchObject({ reason: 'bad-params' });
    expect((await settings.read()).nodeUrl).toBe(node.url);
    expect((await settings.setNode(`${node.url}/`, null)).nodeUrl).toBe(node.url); // the one it has
  });

  it('move to another node: the account is published there, and what is said there arrives', async () => {
    const other = await startNode();
    try {
      const [alice, bob] = [await person(), await person(other.url)];
      const { conversations, messages, accounts, settings } = alice.life.services;
      expect(await conversations.lookUp(bob.address)).toMatchObject({ state: 'absent' });
      await settings.setNode(other.url, passphrase);
      await until(async () => (await accounts.status()).published, 'the publication');
      const { id } = await conversations.start(bob.address);
      await messages.send(id, 'on the other node', 'a');
      const atBob = await conversationWith(bob.life, alice.address);
      await until(async () => (await texts(bob.life, atBob.id)).length === 1, 'the message');
      await bob.life.services.messages.send(atBob.id, 'welcome', 'a');
      await until(async () => (await texts(alice.life, id)).length === 2, 'the answer');
      // The move outlives the background.
      alice.life.kill();
      const life = await wake(alice.device);
      expect((await life.services.accounts.status()).node.url).toBe(other.url);
    } finally {
      for (const device of devices) await device.close();
      await other.close();
    }
  });
});

describe('the nodes that are kept', () => {
  it('are added and removed without a passphrase, and chosen with it', async () => {
    const { life } = await person();
    const { settings } = life.services;
    expect((await settings.addNode('node.example/')).nodes).toEqual([node.url, 'https://node.example']);
    expect((await settings.addNode('https://node.example')).nodes).toHaveLength(2);
    await expect(settings.addNode('http://example.org')).rejects.toMatchObject({ reason: 'bad-params' });
    expect(await settings.setNode('https://node.example', passphrase)).toMatchObject({
      nodeUrl: 'https://node.example',
      nodes: [node.url, 'https://node.example'],
    });
    await expect(settings.removeNode('https://node.example')).rejects.toMatchObject({ reason: 'bad-params' });
    expect((await settings.removeNode(node.url)).nodes).toEqual(['https://node.example']);
    // One that is chosen without having been kept is kept from then on, and the one before it too.
    expect((await settings.setNode(node.url, passphrase)).nodes).toEqual(['https://node.example', node.url]);
  });
});

describe('where pages see the provider', () => {
  it('is everywhere, on chosen sites or where it is asked for, as the browser is told at once and at every start', async () => {
    const { device, life } = await person();
    device.tabInFront = 'https://shop.example:8443/cart?x=1';
    const { settings } = life.services;
    expect(await settings.read()).toMatchObject({ exposure: { mode: 'all', sites: [] }, here: 'https://shop.example' });
    await settings.setExposure('enabled');
    expect((await settings.exposeTo('shop.example', true)).exposure).toEqual({ mode: 'enabled', sites: ['https://shop.example'] });
    expect(device.exposed.at(-1)).toEqual({ mode: 'enabled', sites: ['https://shop.example'] });
    const told = device.exposed.length;
    life.kill();
    const next = await device.start();
    await until(() => device.exposed.length > told, 'the start');
    expect(device.exposed.at(-1)).toEqual({ mode: 'enabled', sites: ['https://shop.example'] });
    expect((await next.services.settings.exposeTo('https://shop.example/', false)).exposure.sites).toEqual([]);
    for (const no of ['http://shop.example', 'ftp://x', 'chrome://settings', '', 'https://*.example', 'https://[::2]'])
      await expect(next.services.settings.exposeTo(no, true), no).rejects.toMatchObject({ reason: 'bad-site' });
    await next.services.settings.setExposure('asked');
    await next.services.accounts.wipe(passphrase);
    await until(() => JSON.stringify(device.exposed.at(-1)) === '{"mode":"all","sites":[]}', 'the default');
  });

  it('is not told of a tab that is no page', async () => {
    const { device, life } = await person();
    for (const url of [null, 'about:blank', 'chrome://newtab', 'http://plain.example/']) {
      device.tabInFront = url;
      expect((await life.services.settings.read()).here).toBeNull();
    }
  });
});

describe('the test of a node', () => {
  const services = async () => {
    const device = new Device();
    devices.push(device);
    return (await device.start()).services;
  };

  it('tells that one answers, and how fast', async () => {
    const test = await (await services()).settings.testNode(node.url.replace('http://', ''));
    expect(test).toMatchObject({ url: node.url, ok: true, trouble: null, roundTrip: expect.any(Number) });
    expect(Math.abs(test.clockSkew ?? Number.NaN)).toBeLessThan(5_000);
  });

  it('tells that nothing answers, that it is no node, and that the address is none', async () => {
    const { settings } = await services();
    const gone = await startNode();
    await gone.close();
    expect(await settings.testNode(gone.url)).toMatchObject({ ok: false, trouble: 'unreachable' });
    const page: Server = createServer((_, response) => response.end('<html>hello</html>'));
    await new Promise<void>((resolve) => page.listen(0, '127.0.0.1', resolve));
    const { port } = page.address() as { port: number };
    const test = await settings.testNode(`http://127.0.0.1:${port}`);
    expect(test).toMatchObject({ ok: false, trouble: 'wrong' });
    page.closeAllConnections();
    await new Promise((resolve) => page.close(resolve));
    await expect(settings.testNode('http://example.org')).rejects.toMatchObject({ reason: 'bad-params' });
  });
});
