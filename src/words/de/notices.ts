import type { notices as english } from '../en/notices.ts';
import type { CatalogueLike } from '../message.ts';

export const notices = {
  'notices.newMessages': { one: 'Eine neue Nachricht', other: '{count} neue Nachrichten' },
  'notices.aGroup': 'Eine Gruppe',
  'notices.siteAsks': 'Parley: Eine Website bittet um etwas',
  'notices.locked': 'Parley ist gesperrt',
  'notices.unread': { one: 'Parley: {count} neue Nachricht', other: 'Parley: {count} neue Nachrichten' },
  'says.picture': 'Bild: {name}',
  'says.file': 'Datei: {name}',
  'says.reacted': 'Hat mit {sign} auf „{text}“ reagiert',
  'says.reactedToSome': 'Hat mit {sign} auf eine Nachricht reagiert',
  'says.youReacted': 'Du hast mit {sign} auf „{text}“ reagiert',
  'says.youReactedToSome': 'Du hast mit {sign} auf eine Nachricht reagiert',
  'says.unknown': 'Eine Nachricht von einer Art, die Parley nicht kennt',
  'says.groupHas': { one: 'Die Gruppe hat jetzt {count} Mitglied.', other: 'Die Gruppe hat jetzt {count} Mitglieder.' },
  'says.groupNamedHas': {
    one: 'Die Gruppe „{title}“ hat jetzt {count} Mitglied.',
    other: 'Die Gruppe „{title}“ hat jetzt {count} Mitglieder.',
  },
  'says.groupClosed': 'Diese Gruppe ist geschlossen.',
  'says.groupGoesOn': 'Diese Gruppe geht anderswo ohne {names} weiter.',
  'says.left': 'Hat die Gruppe verlassen.',
} satisfies CatalogueLike<typeof english>;
