import type { Message } from '../message.ts';

/** What is said outside of the pages too: in notifications and on the toolbar's button. */
export const notices = {
  'notices.newMessages': { one: 'A new message', other: '{count} new messages' },
  'notices.aGroup': 'A group',
  'notices.siteAsks': 'Parley: a site asks for something',
  'notices.locked': 'Parley is locked',
  'notices.unread': { one: 'Parley: {count} new message', other: 'Parley: {count} new messages' },
  'says.picture': 'Picture: {name}',
  'says.file': 'File: {name}',
  'says.reacted': 'Reacted {sign} to “{text}”',
  'says.reactedToSome': 'Reacted {sign} to a message',
  'says.youReacted': 'You reacted {sign} to “{text}”',
  'says.youReactedToSome': 'You reacted {sign} to a message',
  'says.unknown': 'A message of a kind that Parley does not know',
  'says.groupHas': { one: 'The group has {count} member now.', other: 'The group has {count} members now.' },
  'says.groupNamedHas': {
    one: 'The group “{title}” has {count} member now.',
    other: 'The group “{title}” has {count} members now.',
  },
  'says.groupClosed': 'This group is closed.',
  'says.groupGoesOn': 'This group goes on elsewhere without {names}.',
  'says.left': 'Has left the group.',
} as const satisfies Record<string, Message>;
