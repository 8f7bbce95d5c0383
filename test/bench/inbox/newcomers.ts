import { toHex } from '../../../src/protocol/bytes.ts';
import type { Status } from '../../../src/rpc/views/account.ts';
import { Walk } from '../../e2e/walk.ts';
import { until } from '../../support/browsers/browser.ts';
import { button, field, goodPassphrase } from '../../support/browsers/person.ts';
import { person } from '../../support/people.ts';
import { against, type Comparison, figure } from '../report.ts';
import { inWords } from './link.ts';
import { ask, ownerOf, restore, type Stage } from './stage.ts';

/** A new wallet, from the press of Continue until others can reach it; its owner is at the inbox long before. */
export async function firstRun(stage: Stage, alone: boolean, delayMs: number): Promise<Comparison[]> {
  const { link, browser } = stage;
  link.delayMs = delayMs;
  link.take();
  const theirs = alone
    ? Number.NaN
    : await stage.reference.called('create', link.url, toHex(person(`somebody else, ${delayMs}`).walletKey));
  const theirsAsked = link.take();
  const walk = new Walk('Bench', browser, link.url);
  await walk.begin();
  await walk.click(button('Create a new wallet'));
  for (const name of ['Passphrase', 'Repeat passphrase']) await walk.fill(field(name), goodPassphrase);
  link.take();
  const began = performance.now();
  await walk.click(button('Continue'));
  await until(
    () => ask<Status>(walk.page, 'status', {}),
    ({ published }) => published,
    60_000,
  );
  const ours = performance.now() - began;
  const asked = link.take();
  const sealing = (asked.firstAt ?? began) - began;
  return [
    against(alone, {
      what: `first run: until others can reach it, node ${delayMs} ms away`,
      unit: 'ms',
      ours: ours - sealing,
      theirs,
      opponent: 'xmtp-js, create, two signatures',
      ratio: theirs / (ours - sealing),
      bar: delayMs === 0 ? null : 2.2,
      notes: `after ${sealing.toFixed(0)} ms of the passphrase's; ${inWords(asked)}${alone ? '' : `; theirs ${inWords(theirsAsked)}`}`,
    }),
    figure(`the same with the ${sealing.toFixed(0)} ms of the passphrase's, which theirs has none of`, ours, 'ms', null),
  ];
}

/** A new device, the node near or far; theirs from its keys to its list. */
export async function newDevice(stage: Stage, alone: boolean, delayMs: number): Promise<Comparison[]> {
  const { size, messages, link } = stage;
  const where = delayMs === 0 ? '' : `, node ${delayMs} ms away`;
  link.delayMs = delayMs;
  link.take();
  const theirKeys = alone ? Number.NaN : await stage.reference.called('bring', link.url, toHex(ownerOf(size).walletKey));
  const theirKeysAsked = link.take();
  const theirs = alone ? Number.NaN : await stage.reference.opened();
  const theirsAsked = link.take();
  const { wallet, walletAsked, firstRows, sealing, firstAsked, everything, allAsked } = await restore(stage);
  const said = size * 2 + messages;
  const beside = alone ? '' : `; theirs ${inWords(theirsAsked)}`;
  return [
    against(alone, {
      what: `wallet to keys from the network${where}`,
      unit: 'ms',
      ours: wallet,
      theirs: theirKeys,
      opponent: 'xmtp-js, create with the wallet',
      ratio: theirKeys / wallet,
      bar: null,
      notes: `with what drives it; ${inWords(walletAsked)}${alone ? '' : `; theirs ${inWords(theirKeysAsked)}`}`,
    }),
    against(alone, {
      what: `new device: the first rows with their words, N = ${size}${where}`,
      unit: 'ms',
      ours: firstRows,
      theirs,
      opponent: 'xmtp-js, keys to list',
      ratio: theirs / firstRows,
      bar: delayMs === 0 && size >= 10_000 ? 100 : null,
      notes: `${sealing.toFixed(0)} ms of it before the node is asked: the passphrase's; ${inWords(firstAsked)}${beside}`,
    }),
    figure(
      `new device: until everything is here, N = ${size}${where}`,
      everything,
      'ms',
      null,
      `${((said / everything) * 1000).toFixed(0)} messages a second; ${inWords(allAsked)}`,
    ),
  ];
}
