import { beforeEach, expect, it } from 'vitest';
import { createNodeChoice } from '../../../src/background/nodes/node-choice.ts';
import { NodeError } from '../../../src/network/errors.ts';
import { until } from '../device.ts';

const [chosen, second, third] = ['https://one.example', 'https://two.example', 'https://three.example'] as const;

let well: Set<string>;
let asked: string[];
let standIn: string | null;
let now: number;
let clockSkewMs: number;
let moves: string[];

beforeEach(() => {
  [well, asked, standIn, now, clockSkewMs, moves] = [new Set([second, third]), [], null, 1_000_000, 0, []];
});

const choice = (standby: string[] = [second, third]) =>
  createNodeChoice({
    preferences: {
      nodeUrl: async () => chosen,
      nodeInUse: async () => standIn ?? chosen,
      standby: async () => standby,
      setStandIn: async (url) => {
        standIn = url;
      },
      publishesToTwo: async () => true,
    },
    connect: (url) => ({
      probe: async () => {
        asked.push(url);
        if (!well.has(url)) throw new NodeError('unreachable', 'away');
        return { version: null, roundTripMs: 1, clockSkewMs };
      },
    }),
    clock: () => now,
    moved: async () => void moves.push(standIn ?? chosen),
  });
const rest = () => new Promise((resolve) => setTimeout(resolve, 5));

it('the first of those that answer steps in', async () => {
  choice().troubled('slow');
  await until(() => moves.length === 1, 'the move');
  expect([moves, standIn]).toEqual([[second], second]);
});

it('a call that went wrong at a node that answers changes nothing, nor does a refusal', async () => {
  well.add(chosen);
  const { troubled } = choice();
  troubled('failed');
  await rest();
  for (const trouble of ['refused', 'limited', 'unauthorised'] as const) troubled(trouble);
  await rest();
  expect([moves, asked]).toEqual([[], [chosen, second, third]]);
});

it('where nobody answers it stays, and does not ask without end', async () => {
  well.clear();
  const { troubled } = choice();
  for (let i = 0; i < 20; i++) {
    troubled('unreachable');
    await rest();
  }
  expect([moves, asked.length]).toEqual([[], 3]);
  now += 5_000;
  troubled('unreachable');
  await rest();
  expect(asked.length).toBe(6);
});

it('without others nobody is asked', async () => {
  choice([]).troubled('unreachable');
  await rest();
  expect(asked).toEqual([]);
});

it('a node with another time than ours does not step in', async () => {
  clockSkewMs = 10 * 60_000;
  choice([second]).troubled('unreachable');
  await rest();
  expect(moves).toEqual([]);
});

it('the chosen one is gone back to when it has answered, but not at once', async () => {
  const { troubled, review } = choice();
  troubled('unreachable');
  await until(() => standIn === second, 'the move');
  well.add(chosen);
  await review();
  expect(standIn).toBe(second);
  now += 60_000;
  await review();
  expect([standIn, moves]).toEqual([null, [second, chosen]]);
  asked = [];
  await review();
  expect(asked).toEqual([]);
});

it('a second copy goes to another one than the first', async () => {
  const { second: other } = choice();
  expect([await other(chosen), await other(second)]).toEqual([second, chosen]);
  expect(await choice([]).second(chosen)).toBeNull();
});
