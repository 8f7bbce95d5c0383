import type { Founded, Founding } from '../../keystore/founding.ts';
import { pathKinds, readPath } from '../../keystore/wallet.ts';
import { NodeError } from '../../network/errors.ts';
import type { NodeClient } from '../../network/node-client.ts';
import { type Address, parseAddress } from '../../protocol/address.ts';
import { fromBase64 } from '../../protocol/bytes.ts';
import { chooseContact } from '../../protocol/contact-bundle.ts';
import { contactTopic, introTopic, inviteTopic, privateStoreTopic } from '../../protocol/topic.ts';
import { RefusalError } from '../../rpc/errors.ts';
import type { Status } from '../../rpc/views/account.ts';
import type { PhraseAccount } from '../../rpc/views/founding.ts';
import { createExclusive } from '../exclusive.ts';
import { badParams } from '../refuse.ts';
import type { FoundingStart, Foundings } from '../services.ts';

interface Deps {
  readonly founding: Founding;
  readonly connect: (url: string) => Pick<NodeClient, 'pages' | 'query'>;
  readonly nodeUrl: () => Promise<string>;
  /** Chooses the node while there is no account; with one it is the settings' to do. */
  readonly chooseNode: (url: string | null) => Promise<string>;
  /** Puts the account into the vault and opens it. */
  readonly adopt: (founded: Founded, isNew: boolean, passphrase: string) => Promise<Status>;
}

/** Backups that are looked at, newest first. */
const mostBackups = 100;
const perPage = 5;

export function createFoundings({ founding, connect, nodeUrl, chooseNode, adopt }: Deps): Foundings {
  // Each step builds on the draft that the one before has written.
  const exclusive = createExclusive();

  return {
    state: () => exclusive(() => founding.state()),
    begin: (start) =>
      exclusive(async () => {
        const next = await founding.begin(startOf(start));
        if ('node' in start) await chooseNode(start.node);
        return next;
      }),
    accounts: (which) =>
      exclusive(async () => {
        const paths =
          'path' in which
            ? [readPath(which.path)]
            : Array.from({ length: perPage }, (_, index) => pathKinds[which.kind](which.from + index));
        const client = connect(await nodeUrl());
        const accounts = await founding.accounts(paths);
        return Promise.all(accounts.map(async (account) => ({ ...account, known: await knownOf(client, account.address) })));
      }),
    choose: (path) => exclusive(() => founding.choose(path)),
    look: (url) =>
      exclusive(async () => {
        const node = await chooseNode(url);
        const state = await founding.state();
        if (!state?.address) throw new RefusalError('no-founding', 'no account is being made');
        const { backups, contact } = await lookUp(connect(node), state.address);
        return founding.found(node, backups, contact);
      }),
    ask: (origin) => exclusive(() => founding.ask(origin)),
    answer: (answer) =>
      exclusive(async () => {
        const { state, fault } = await founding.answer(answer);
        return { founding: state, fault };
      }),
    decide: (choice) => exclusive(() => founding.decide(choice)),
    finish: (passphrase) =>
      exclusive(async () => {
        const state = await founding.state();
        const status = await adopt(await founding.finished(), state?.way === 'new', passphrase);
        await founding.drop();
        return status;
      }),
    drop: () =>
      exclusive(async () => {
        await founding.drop();
        return null;
      }),
  };
}

function startOf(start: FoundingStart): Parameters<Founding['begin']>[0] {
  if (start.way === 'bundle') return { way: 'bundle', bytes: bytesOf(start.keys) };
  if (start.way !== 'external') return start;
  try {
    return { way: 'external', address: parseAddress(start.address) };
  } catch {
    throw badParams('refusals.mistypedAddress');
  }
}

function bytesOf(text: string): Uint8Array {
  try {
    return fromBase64(text);
  } catch (cause) {
    throw new RefusalError('bad-params', 'base64 of the keys', { field: 'keys' }, { cause });
  }
}

/** What a node holds of a wallet. @throws NodeError when it cannot be asked, because "not answered" is not "not there" */
async function lookUp(
  client: Pick<NodeClient, 'pages' | 'query'>,
  address: Address,
): Promise<{ readonly backups: readonly Uint8Array[]; readonly contact: Uint8Array | null }> {
  const contacts = client.query({ topics: [contactTopic(address)], direction: 'descending', limit: 20 });
  contacts.catch(() => undefined); // told below
  const backups: Uint8Array[] = [];
  for await (const page of client.pages({ topics: [privateStoreTopic(address)], direction: 'descending', limit: mostBackups })) {
    for (const { message } of page) if (message.length > 0 && backups.length < mostBackups) backups.push(message);
    if (backups.length >= mostBackups) break;
  }
  return { backups, contact: chooseContact((await contacts).envelopes, address)?.identityKey ?? null };
}

async function knownOf(client: Pick<NodeClient, 'query'>, address: Address): Promise<PhraseAccount['known']> {
  const has = async (topics: readonly string[]): Promise<boolean> => (await client.query({ topics, limit: 1 })).envelopes.length > 0;
  try {
    if (await has([inviteTopic(address), introTopic(address)])) return 'conversations';
    return (await has([contactTopic(address), privateStoreTopic(address)])) ? 'keys' : 'nothing';
  } catch (error) {
    if (error instanceof NodeError) return null;
    throw error;
  }
}
