import type { Value } from '../../content-types/index.ts';
import { ParseError } from '../../parse.ts';
import { type Address, parseAddress } from '../../protocol/address.ts';
import { RefusalError } from '../../rpc/errors.ts';
import type { PermissionRequest } from '../../rpc/views/sites.ts';
import type { Said } from '../../words/said.ts';
import type { AskedPermission } from '../services.ts';

/** What a page asks for: judged beyond its form, and as it is put to the person who is asked. */

/** What a person is to agree to; null: nothing that can be shown. */
export function saidBy(value: Value): Said | null {
  switch (value.kind) {
    case 'text':
      return { kind: 'text', text: value.text };
    case 'markdown':
      return { kind: 'text', text: value.markdown };
    case 'attachment':
      return { kind: 'file', name: value.filename ?? null, size: value.data.length };
    case 'remote-attachment':
      return { kind: 'remote-file', name: value.filename ?? null, url: value.url };
    case 'reply':
      return { kind: 'reply', said: saidBy(value.content) };
    case 'composite':
      return { kind: 'several', said: value.parts.flatMap((part) => saidBy(part) ?? []) };
    case 'reaction':
      return { kind: 'reaction', sign: value.content, removed: value.action === 'removed' };
    case 'read-receipt':
      return { kind: 'read-receipt' };
    case 'transaction-reference':
      return { kind: 'transaction', reference: value.reference };
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
