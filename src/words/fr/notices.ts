import type { notices as english } from '../en/notices.ts';
import type { CatalogueLike } from '../message.ts';

export const notices = {
  'notices.newMessages': { one: 'Un nouveau message', many: '{count} nouveaux messages', other: '{count} nouveaux messages' },
  'notices.aGroup': 'Un groupe',
  'notices.siteAsks': 'Parley : un site demande quelque chose',
  'notices.locked': 'Parley est verrouillé',
  'notices.unread': {
    one: 'Parley : {count} nouveau message',
    many: 'Parley : {count} nouveaux messages',
    other: 'Parley : {count} nouveaux messages',
  },
  'says.picture': 'Image : {name}',
  'says.file': 'Fichier : {name}',
  'says.reacted': 'A réagi par {sign} à « {text} »',
  'says.reactedToSome': 'A réagi par {sign} à un message',
  'says.youReacted': 'Tu as réagi par {sign} à « {text} »',
  'says.youReactedToSome': 'Tu as réagi par {sign} à un message',
  'says.unknown': 'Un message d’un type que Parley ne connaît pas',
  'says.groupHas': {
    one: 'Le groupe a maintenant {count} membre.',
    many: 'Le groupe a maintenant {count} membres.',
    other: 'Le groupe a maintenant {count} membres.',
  },
  'says.groupNamedHas': {
    one: 'Le groupe « {title} » a maintenant {count} membre.',
    many: 'Le groupe « {title} » a maintenant {count} membres.',
    other: 'Le groupe « {title} » a maintenant {count} membres.',
  },
  'says.groupClosed': 'Ce groupe est fermé.',
  'says.groupGoesOn': 'Ce groupe continue ailleurs sans {names}.',
  'says.left': 'A quitté le groupe.',
} satisfies CatalogueLike<typeof english>;
