import { ParseError } from '../parse.ts';
import { type Address, parseAddress } from '../protocol/address.ts';
import { fromBase64, toBase64, utf8 } from '../protocol/bytes.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { maxGroupMembers, readGroup, type SignedGroup } from '../protocol/group.ts';
import { type ContentType, JsonMembers, readJson } from './content-type.ts';

/** What happened to a group, told within it (docs/group-conversations.md). Whether the sender may say so, the reader decides. */
export type GroupUpdate =
  /** The creator's new state: more members, or another title. */
  | { readonly kind: 'group-update'; readonly action: 'changed'; readonly group: SignedGroup }
  /** The creator: this topic ends; without those named it goes on elsewhere, for nobody if they are all. */
  | { readonly kind: 'group-update'; readonly action: 'closed'; readonly removed: readonly Address[] }
  /** A member: no longer here. */
  | { readonly kind: 'group-update'; readonly action: 'left' };

/** Announcements in groups; everybody else reads them as a sentence. */
export const groupUpdate: ContentType<GroupUpdate> = {
  kind: 'group-update',
  id: 'parley.chat/groupUpdate:1.0',
  encode: (value) => ({ parameters: new Map(), content: utf8(JSON.stringify(jsonOf(value))) }),
  decode(content) {
    const members = new JsonMembers(readJson(content.content), 'the announcement');
    switch (members.text('action')) {
      case 'changed':
        return { kind: 'group-update', action: 'changed', group: readGroup(bytesOf(members.text('group'))) };
      case 'closed':
        return { kind: 'group-update', action: 'closed', removed: addressesOf(members.raw('removed')) };
      case 'left':
        return { kind: 'group-update', action: 'left' };
      default:
        throw new ProtocolError('unsupported', 'an announcement of another kind');
    }
  },
  fallback: sentence,
  shouldPush: () => false,
  // Our own words, never those that came along: what an announcement says is checked, its fallback is not.
  show: (value) => ({ form: 'unknown', type: groupUpdate.id, fallback: sentence(value) }),
  toPage: (value) =>
    value.action === 'changed'
      ? { action: value.action, title: value.group.title, members: value.group.members }
      : value.action === 'closed'
        ? { action: value.action, removed: value.removed }
        : { action: value.action },
  fromPage(_, path) {
    throw new ParseError(path, 'another type: groups are changed in Parley alone');
  },
};

function sentence(value: GroupUpdate): string {
  switch (value.action) {
    case 'changed': {
      const { title, members } = value.group;
      return `${title === '' ? 'The group' : `The group “${title}”`} has ${members.length} members now.`;
    }
    case 'closed':
      return value.removed.length === 0
        ? 'This group is closed.'
        : `This group goes on elsewhere without ${value.removed.map((address) => `${address.slice(0, 8)}…${address.slice(-6)}`).join(', ')}.`;
    case 'left':
      return 'Has left the group.';
  }
}

function jsonOf(value: GroupUpdate): unknown {
  switch (value.action) {
    case 'changed':
      return { action: 'changed', group: toBase64(value.group.bytes) };
    case 'closed':
      return { action: 'closed', removed: value.removed };
    case 'left':
      return { action: 'left' };
  }
}

function bytesOf(text: string | undefined): Uint8Array {
  try {
    return fromBase64(text ?? '');
  } catch (cause) {
    throw new ProtocolError('malformed', 'the announcement does not carry a group', { cause });
  }
}

function addressesOf(list: unknown): Address[] {
  if (!Array.isArray(list) || list.length > maxGroupMembers) throw new ProtocolError('malformed', 'the removed members are no list');
  return list.map((each) => {
    if (typeof each !== 'string') throw new ProtocolError('malformed', 'a removed member is no address');
    return parseAddress(each);
  });
}
