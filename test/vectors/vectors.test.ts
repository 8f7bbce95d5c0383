import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { makeGroupVectors } from './make-groups.ts';
import { runFile } from './run.ts';

const folder = fileURLToPath(new URL('.', import.meta.url));

/** How many cases of each kind are checked, and how many wait for what is not built; both are exact, so that nothing is skipped unseen. */
const counts: Readonly<Record<string, { readonly passed: number; readonly skipped: number }>> = {
  'auth-tokens': { passed: 34, skipped: 0 },
  cipher: { passed: 36, skipped: 0 },
  'consent-proofs': { passed: 30, skipped: 0 },
  contacts: { passed: 44, skipped: 0 },
  content: { passed: 70, skipped: 0 },
  'conversation-lists': { passed: 36, skipped: 2 },
  'encrypted-key-bundles': { passed: 34, skipped: 0 },
  frames: { passed: 6, skipped: 0 },
  groups: { passed: 28, skipped: 0 },
  'hmac-keys': { passed: 20, skipped: 0 },
  identity: { passed: 40, skipped: 0 },
  'invite-derivation': { passed: 16, skipped: 0 },
  'key-agreement': { passed: 16, skipped: 0 },
  'key-bundles': { passed: 18, skipped: 0 },
  keystore: { passed: 86, skipped: 0 },
  'local-persistence': { passed: 20, skipped: 0 },
  'messages-v1': { passed: 46, skipped: 0 },
  'messages-v2': { passed: 52, skipped: 0 },
  'messages-v2-negative': { passed: 92, skipped: 0 },
  'node-rules': { passed: 94, skipped: 0 },
  preferences: { passed: 44, skipped: 0 },
  'remote-attachments': { passed: 22, skipped: 0 },
  'sealed-invitations': { passed: 72, skipped: 0 },
  'serialised-messages': { passed: 6, skipped: 0 },
  topics: { passed: 60, skipped: 0 },
  'wire-json': { passed: 12, skipped: 24 },
};

for (const [kind, expected] of Object.entries(counts)) {
  test(`${kind}: agrees with the reference client, or with what a careful one should do`, async () => {
    const result = await runFile(`${folder}${kind}.json`);
    expect(result?.failures).toEqual([]);
    expect({ passed: result?.passed, skipped: result?.skipped }).toEqual(expected);
  });
}

test('the vectors of groups are those that the code makes', async () => {
  expect(JSON.parse(await readFile(`${folder}groups.json`, 'utf8'))).toEqual(await makeGroupVectors());
});

test('every vector file has its counts here', async () => {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.json') && name !== 'actors.json');
  expect(files.map((name) => name.replace('.json', '')).sort()).toEqual(Object.keys(counts).sort());
});
