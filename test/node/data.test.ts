import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { commands, commandsText, runCommand } from '../../src/node/commands.ts';
import { type RunningNode, startNode } from '../../src/node/start-node.ts';
import { openDatabase } from '../../src/node/store/driver.ts';
import { steps } from '../../src/node/store/migrations.ts';
import type { Envelope } from '../../src/protocol/envelope.ts';
import { contactTopic, inviteTopic } from '../../src/protocol/topic.ts';
import { alice, bob } from '../support/people.ts';
import { bearer, contactEnvelope, gateway, invitationEnvelopes, jsonEnvelope, messageEnvelope } from './clients.ts';

let folder: string;
let data: string;
let node: RunningNode | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-data-'));
  data = join(folder, 'data');
});
afterEach(async () => {
  await node?.close();
  node = undefined;
  rmSync(folder, { recursive: true, force: true });
});

const start = async (): Promise<RunningNode> => {
  node = await startNode({ data });
  return node;
};
const stop = async (): Promise<void> => {
  await node?.close();
  node = undefined;
};
const publish = async (from: typeof alice, ...envelopes: Envelope[]): Promise<void> => {
  const { status, body } = await gateway((node as RunningNode).url, 'publish', { envelopes: envelopes.map(jsonEnvelope) }, bearer(from));
  expect({ status, body }).toEqual({ status: 200, body: {} });
};
const rows = async (topic: string): Promise<unknown[]> =>
  (await gateway((node as RunningNode).url, 'query', { contentTopics: [topic] })).body['envelopes'] as unknown[];
const command = (...args: string[]): Promise<string | null> => runCommand([...args, '--data', data], {});
const file = (name: string): string => join(folder, name);
const now = Date.now();

/** Contacts, invitations and messages of two people. */
async function fill(): Promise<{ topics: string[] }> {
  await publish(alice, contactEnvelope(alice, 1, now), contactEnvelope(alice, 2, now + 1));
  await publish(bob, contactEnvelope(bob, 2, now));
  const invitations = await invitationEnvelopes(alice, bob, now);
  await publish(alice, ...invitations);
  const message = await messageEnvelope(alice, bob, now, 'hello');
  await publish(alice, message);
  return { topics: [contactTopic(alice.address), contactTopic(bob.address), inviteTopic(bob.address), message.contentTopic] };
}
const everything = async (topics: readonly string[]): Promise<unknown> => Promise.all(topics.map(rows));

describe('a backup', () => {
  test('is made while the node runs, is checked, and brings everything back elsewhere', async () => {
    await start();
    const { topics } = await fill();
    const before = await everything(topics);
    expect(await command('backup', file('copy.db'))).toContain('Backed up 6 envelopes of 5 topics');
    const late = await messageEnvelope(alice, bob, now + 5, 'after the backup');
    await publish(alice, late);
    await expect(command('backup', file('copy.db'))).rejects.toThrow('exists already');
    await expect(command('restore', file('copy.db'))).rejects.toThrow('Another node uses this data directory');
    await stop();
    data = join(folder, 'other');
    expect(await command('restore', file('copy.db'))).toBe('Restored 6 envelopes of 5 topics.');
    await start();
    expect(await everything(topics)).toEqual(before);
  });

  test('keeps what was there, under another name, and begins a sequence of its own', async () => {
    await start();
    await fill();
    await command('backup', file('copy.db'));
    const id = (await command('stats'))?.match(/store (\w+)/)?.[1];
    await stop();
    expect(await command('restore', file('copy.db'))).toMatch(/What was there before is .*node\.db\.before-/);
    expect((await command('stats'))?.match(/store (\w+)/)?.[1]).not.toBe(id);
  });

  test('that is damaged, cut short, no database or of a newer node is refused, and nothing is touched', async () => {
    await start();
    await fill();
    await command('backup', file('copy.db'));
    await stop();
    const before = readFileSync(join(data, 'node.db'));
    const good = readFileSync(file('copy.db'));
    const inMessage = good.indexOf(Buffer.from(bob.contact.identityKey)) + 20;
    const bad: [string, () => void][] = [
      ['no database', () => writeFileSync(file('bad.db'), 'text that is longer than nothing'.repeat(50))],
      ['empty', () => writeFileSync(file('bad.db'), '')],
      ['cut short', () => truncateSync(copied(), good.length / 2)],
      ['a flipped bit', () => writeFileSync(copied(), Buffer.from(good).fill(0xaa, inMessage, inMessage + 1))],
      ['a page of zeros', () => writeFileSync(copied(), Buffer.from(good).fill(0, 4096, 8192))],
      [
        'newer',
        () => {
          const database = openDatabase(copied());
          database.exec(`PRAGMA user_version = ${steps.length + 1}`);
          database.close();
        },
      ],
      [
        'a row that is not what was stored',
        () => {
          const database = openDatabase(copied());
          database.exec("UPDATE envelope SET message = x'00' WHERE seq = 1");
          database.close();
        },
      ],
    ];
    function copied(): string {
      writeFileSync(file('bad.db'), good);
      return file('bad.db');
    }
    for (const [what, make] of bad) {
      rmSync(file('bad.db'), { force: true });
      make();
      await expect(command('restore', file('bad.db')), what).rejects.toMatchObject({ name: 'StoreError' });
      await expect(command('check', file('bad.db')), what).rejects.toMatchObject({ name: 'StoreError' });
    }
    await expect(command('restore', file('none.db'))).rejects.toThrow('There is no database');
    expect(readFileSync(join(data, 'node.db')).equals(before)).toBe(true);
    expect(await command('check')).toBe('In order: 6 envelopes of 5 topics.');
  });
});

describe('an export', () => {
  test('can be imported elsewhere, in any order and again and again, checked as if it were published', async () => {
    await start();
    const { topics } = await fill();
    const before = await everything(topics);
    expect(await command('export', file('all.ndjson'))).toContain('Wrote 6 envelopes');
    await stop();
    const lines = readFileSync(file('all.ndjson'), 'utf8').trim().split('\n');
    writeFileSync(file('mixed.ndjson'), `${lines.toReversed().join('\n')}\n\n${lines[0]}\n`);
    data = join(folder, 'other');
    expect(await command('import', file('mixed.ndjson'))).toMatch(/^Took 6, had 1 already, passed over 0 older contacts, refused 0\./);
    expect(await command('import', file('all.ndjson'))).toMatch(/^Took 0, had 6 already/);
    await start();
    expect(await everything(topics)).toEqual(before);
  });

  test('takes only topics that begin as they are asked for', async () => {
    await start();
    await fill();
    expect(await command('export', file('contacts.ndjson'), '/xmtp/0/contact-')).toContain('Wrote 3 envelopes');
    await expect(command('export', file('contacts.ndjson'))).rejects.toThrow();
  });

  test('with forged or broken lines brings in the others and names those', async () => {
    const forged = jsonEnvelope({ ...contactEnvelope(bob, 2, now), contentTopic: contactTopic(alice.address) });
    const good = jsonEnvelope(contactEnvelope(bob, 2, now));
    writeFileSync(file('bad.ndjson'), [JSON.stringify(forged), '{', '{"contentTopic":1}', JSON.stringify(good)].join('\n'));
    const errors: string[] = [];
    const { error } = console;
    console.error = (line: string) => errors.push(line);
    try {
      expect(await command('import', file('bad.ndjson'))).toMatch(/^Took 1, had 0 already, passed over 0 older contacts, refused 3\./);
    } finally {
      console.error = error;
      process.exitCode = 0;
    }
    expect(errors.map((line) => line.split(':')[0])).toEqual(['line 1', 'line 2', 'line 3']);
  });
});

test('statistics count by kind of topic, and compacting gives room back', async () => {
  await start();
  await fill();
  for (let n = 0; n < 200; n++) await publish(alice, await messageEnvelope(alice, bob, now + n + 10, 'x'.repeat(3000)));
  expect(await command('stats')).toMatch(/^kind of topic.*\nm +1 +201 .*\ncontact +2 +3 /m);
  await expect(command('compact')).rejects.toThrow('Another node uses');
  await stop();
  const path = join(data, 'node.db');
  const database = openDatabase(path);
  database.exec('DELETE FROM envelope WHERE seq > 6');
  database.close();
  const before = statSync(path).size;
  expect(await command('compact')).toMatch(/^Compacted from /);
  expect(statSync(path).size).toBeLessThan(before / 2);
  expect(existsSync(`${path}-wal`) && statSync(`${path}-wal`).size > 0).toBe(false);
});

test('commands say what they need', async () => {
  await expect(runCommand(['backup'], {})).rejects.toThrow('Usage: main.js backup FILE');
  await expect(runCommand(['stats', '--data', ':memory:'], {})).rejects.toThrow('no data in memory');
  expect(await runCommand(['--port', '1'], {})).toBeNull();
  for (const { usage } of Object.values(commands)) expect(commandsText()).toContain(usage);
});
