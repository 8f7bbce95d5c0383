import { addressText, array, integer, nullable, object, oneOf, optional, type Parser, string } from '../../parse.ts';
import type { Permission } from '../../rpc/views/sites.ts';
import type { Amended } from './grants.ts';

const time = integer({ max: 8.64e15 });
const peers: Parser<string[] | '*'> = (value, path) => (value === '*' ? value : array(addressText)(value, path));

/** Merged from several yeses, a permission may name more than can be asked for at once. */
const scope = {
  peers,
  conversations: optional(array(string({ min: 1, max: 128 }))),
  contentTypes: optional(array(string({ min: 1, max: 256 }))),
  since: optional(oneOf('now', 'all')),
  expiresAt: nullable(time),
};

/** A permission as it was shown to a person, and what is to be left of it; that it is no more, `grants` sees to. */
export const amendment = object({
  origin: string({ min: 1, max: 2048 }),
  permission: object({ ...scope, kind: oneOf('send', 'read', 'keystore'), grantedAt: time }),
  kept: nullable(object(scope)),
}) as Parser<unknown> as Parser<{ readonly origin: string; readonly permission: Permission; readonly kept: Amended | null }>;
