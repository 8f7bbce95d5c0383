import type { prompts as english } from '../en/prompts.ts';
import type { CatalogueLike } from '../message.ts';

export const prompts = {
  'approve.untilYouCloseIt': 'Hasta que lo cierres',
  'approve.aSiteAsks': 'Un sitio pregunta',
  'approve.moreBehind': {
    one: 'Un sitio pregunta. Hay {count} más detrás.',
    many: 'Un sitio pregunta. Hay {count} más detrás.',
    other: 'Un sitio pregunta. Hay {count} más detrás.',
  },
  'approve.writeTo': {
    one: 'Escribir mensajes en tu nombre a esta dirección:',
    many: 'Escribir mensajes en tu nombre a estas {count} direcciones:',
    other: 'Escribir mensajes en tu nombre a estas {count} direcciones:',
  },
  'approve.noSiteIsAsking': 'Ningún sitio pregunta nada.',
  'approve.openTheInbox': 'Abrir la bandeja',
  'approve.itReadsInLetters': 'Se lee {host}, con letras que pueden parecer otras. Fíate de la forma simple de arriba.',
  'approve.httpAPageOf': 'http, una página de este equipo',
  'approve.itCallsItself': 'Se llama a sí mismo «{name}».',
  'approve.theMessageItSends': 'El mensaje que envía ahora',
  'approve.forHowLong': 'Por cuánto tiempo',
  'approve.itNeverGetsYour': 'Nunca recibe tus claves privadas. Puedes retirarlo en Ajustes.',
  'approve.itCanNeverSee': 'Nunca puede ver tus claves ni tus contactos. Puedes retirarlo en Ajustes.',
  'approve.itCanNeverSeeYour': 'Nunca puede ver tus claves, tus conversaciones ni tus contactos. Puedes retirarlo en Ajustes.',
  'approve.withYourAccount': 'Con tu cuenta {address}',
  'approve.theWholeAccountIs': 'La cuenta entera solo se da con tu contraseña, y 24 horas como mucho.',
  'approve.refuse': 'Rechazar',
  'approve.allow': 'Permitir',
  'approve.goOnWithWhat': 'Seguir con lo que le permitiste antes.',
  'approve.connectToParleyQuestion': '¿Conectar con Parley?',
  'approve.askWhetherOtherAddresses':
    'Preguntar si se puede escribir a otras direcciones. No puede escribir ni leer nada sin preguntar otra vez.',
  'approve.letItWriteIn': '¿Dejar que escriba en tu nombre?',
  'askedPermissions.writeToAnybody': 'Escribir en tu nombre a cualquiera.',
  'askedPermissions.writeIn': {
    one: 'Escribir en tu nombre en esta conversación:',
    many: 'Escribir en tu nombre en estas conversaciones:',
    other: 'Escribir en tu nombre en estas conversaciones:',
  },
  'askedPermissions.writeTo': {
    one: 'Escribir en tu nombre a esta dirección:',
    many: 'Escribir en tu nombre a estas direcciones:',
    other: 'Escribir en tu nombre a estas direcciones:',
  },
  'askedPermissions.readIn': { one: 'Leer esta conversación:', many: 'Leer estas conversaciones:', other: 'Leer estas conversaciones:' },
  'askedPermissions.readWith': {
    one: 'Leer lo que os escribís tú y esta dirección:',
    many: 'Leer lo que os escribís tú y estas direcciones:',
    other: 'Leer lo que os escribís tú y estas direcciones:',
  },
  'askedPermissions.allowThisQuestion': '¿Permitir esto?',
  'askedPermissions.addresses': 'Direcciones',
  'askedPermissions.fromNowOn': 'Desde ahora',
  'askedPermissions.fromNowOnWhat': 'Desde ahora. Lo escrito antes le queda oculto.',
  'askedPermissions.itCanReadEvery':
    'Puede leer todos los mensajes que tienes y tendrás, escribir a cualquiera en tu nombre y cambiar a quién has bloqueado, sin volver a preguntar y sin que Parley lo vea. Solo tus claves privadas quedan aquí. Permítelo solo a un programa al que confiarías la propia cuenta.',
  'askedPermissions.useYourWholeAccount': 'Usar toda tu cuenta, salvo las claves privadas.',
  'askedPermissions.readAllYourConversations': 'Leer todas tus conversaciones.',
} satisfies CatalogueLike<typeof english>;
