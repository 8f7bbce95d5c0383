import type { notices as english } from '../en/notices.ts';
import type { CatalogueLike } from '../message.ts';

export const notices = {
  'notices.newMessages': { one: 'Un mensaje nuevo', many: '{count} mensajes nuevos', other: '{count} mensajes nuevos' },
  'notices.aGroup': 'Un grupo',
  'notices.siteAsks': 'Parley: un sitio pide algo',
  'notices.locked': 'Parley está bloqueado',
  'notices.unread': {
    one: 'Parley: {count} mensaje nuevo',
    many: 'Parley: {count} mensajes nuevos',
    other: 'Parley: {count} mensajes nuevos',
  },
  'says.picture': 'Imagen: {name}',
  'says.file': 'Archivo: {name}',
  'says.reacted': 'Reaccionó con {sign} a «{text}»',
  'says.reactedToSome': 'Reaccionó con {sign} a un mensaje',
  'says.youReacted': 'Reaccionaste con {sign} a «{text}»',
  'says.youReactedToSome': 'Reaccionaste con {sign} a un mensaje',
  'says.unknown': 'Un mensaje de un tipo que Parley no conoce',
  'says.groupHas': {
    one: 'El grupo tiene ahora {count} miembro.',
    many: 'El grupo tiene ahora {count} miembros.',
    other: 'El grupo tiene ahora {count} miembros.',
  },
  'says.groupNamedHas': {
    one: 'El grupo «{title}» tiene ahora {count} miembro.',
    many: 'El grupo «{title}» tiene ahora {count} miembros.',
    other: 'El grupo «{title}» tiene ahora {count} miembros.',
  },
  'says.groupClosed': 'Este grupo está cerrado.',
  'says.groupGoesOn': 'Este grupo sigue en otra parte sin {names}.',
  'says.left': 'Ha salido del grupo.',
} satisfies CatalogueLike<typeof english>;
