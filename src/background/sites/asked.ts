import type { Value } from '../../content-types/index.ts';
import { ParseError } from '../../parse.ts';
import { type Address, parseAddress } from '../../protocol/address.ts';
import { RefusalError } from '../../rpc/errors.ts';
import type { PermissionRequest } from '../../rpc/views.ts';
import type { AskedPermission } from '../services.ts';

/** What a page asks for: judged beyond its form, and in words for the person who is asked. */

/** What a person is to agree to, in words. */
export function wordsFor(value: Value): string | null {
  switch (value.kind) {
    case 'text':
      return value.text;
    case 'markdown':
      return value.markdown;
    case 'attachment':
      return `A file${value.filename === undefined ? '' : ` “${value.filename}”`} of ${value.data.length} bytes`;
    case 'remote-attachment':
      return `A file${value.filename === undefined ? '' : ` “${value.filename}”`} at ${value.url}`;
    case 'reply': {
      const words = wordsFor(value.content);
      return words === null ? 'An answer to a message' : `An answer to a message: ${words}`;
    }
    case 'composite':
      return value.parts.map(wordsFor).join('\n');
    case 'reaction':
      return `“${value.content}”, ${value.action === 'removed' ? 'taken from' : 'put to'} a message`;
    case 'read-receipt':
      return 'That you have read the messages up to now';
    case 'transaction-reference':
      return `A transaction: ${value.reference}`;
    default:
      return null;
  }
}

/** A conversation with oneself is none. Told after the question: before it, an address would be found out by trying. @throws ParseError */
export function notMe(peer: Address, account: Address): void {
  if (peer === account) throw new ParseError('params.peer', 'the address of somebody else');
}

/** @throws ParseError when the checksum is wrong */
export function checkAddress(text: string, path: string): Address {
  try {
    return parseAddress(text);
  } catch {
    throw new ParseError(path, 'an address in lower case or with a right checksum');
  }
}

/** Whether the whole account is among what is asked for. */
export const asksForAccount = (permissions: readonly PermissionRequest[]): boolean => permissions.some(({ kind }) => kind === 'keystore');

export const switchedOff = (): RefusalError => new RefusalError('not-granted', 'this permission is switched off in Parley');

/** A permission as it may be asked for. @throws ParseError */
export function checkPermission({ peers, ...scope }: AskedPermission, path: string): PermissionRequest {
  if (scope.kind !== 'read' && scope.since !== undefined) throw new ParseError(`${path}.since`, 'none, but for reading');
  if (scope.kind === 'keystore') {
    // It is the whole account or nothing; what looks narrower would promise what it does not keep.
    if (peers !== '*') throw new ParseError(`${path}.peers`, '"*", for the keystore');
    for (const member of ['conversations', 'contentTypes'] as const)
      if (scope[member]) throw new ParseError(`${path}.${member}`, 'none, for the keystore');
  }
  return { ...scope, peers: peers === '*' ? peers : peers.map((peer, index) => checkAddress(peer, `${path}.peers[${index}]`)) };
}
