import type { prompts as english } from '../en/prompts.ts';
import type { CatalogueLike } from '../message.ts';

export const prompts = {
  'approve.untilYouCloseIt': 'Jusqu’à sa fermeture',
  'approve.aSiteAsks': 'Un site demande',
  'approve.moreBehind': {
    one: 'Un site demande. Encore {count} derrière.',
    many: 'Un site demande. Encore {count} derrière.',
    other: 'Un site demande. Encore {count} derrière.',
  },
  'approve.writeTo': {
    one: 'Écrire des messages en ton nom à cette adresse :',
    many: 'Écrire des messages en ton nom à ces {count} adresses :',
    other: 'Écrire des messages en ton nom à ces {count} adresses :',
  },
  'approve.noSiteIsAsking': 'Aucun site ne demande rien.',
  'approve.openTheInbox': 'Ouvrir la boîte de réception',
  'approve.itReadsInLetters': 'Il se lit {host}, dans des lettres qui peuvent ressembler à d’autres. Fie-toi à la forme simple ci-dessus.',
  'approve.httpAPageOf': 'http, une page de cette machine',
  'approve.itCallsItself': 'Il se nomme « {name} ».',
  'approve.theMessageItSends': 'Le message qu’il envoie maintenant',
  'approve.forHowLong': 'Pour combien de temps',
  'approve.itNeverGetsYour': 'Il n’obtient jamais tes clés privées. Tu peux revenir là-dessus dans les Réglages.',
  'approve.itCanNeverSee': 'Il ne peut jamais voir tes clés ni tes contacts. Tu peux revenir là-dessus dans les Réglages.',
  'approve.itCanNeverSeeYour':
    'Il ne peut jamais voir tes clés, tes conversations ni tes contacts. Tu peux revenir là-dessus dans les Réglages.',
  'approve.withYourAccount': 'Avec ton compte {address}',
  'approve.theWholeAccountIs': 'Le compte entier ne se donne qu’avec ta phrase de passe, et pour 24 heures au plus.',
  'approve.refuse': 'Refuser',
  'approve.allow': 'Autoriser',
  'approve.goOnWithWhat': 'Continuer avec ce que tu lui avais permis.',
  'approve.connectToParleyQuestion': 'Se connecter à Parley ?',
  'approve.askWhetherOtherAddresses':
    'Demander si l’on peut écrire à d’autres adresses. Il ne peut rien écrire ni lire sans demander de nouveau.',
  'approve.letItWriteIn': 'Le laisser écrire en ton nom ?',
  'askedPermissions.writeToAnybody': 'Écrire en ton nom à n’importe qui.',
  'askedPermissions.writeIn': {
    one: 'Écrire en ton nom dans cette conversation :',
    many: 'Écrire en ton nom dans ces conversations :',
    other: 'Écrire en ton nom dans ces conversations :',
  },
  'askedPermissions.writeTo': {
    one: 'Écrire en ton nom à cette adresse :',
    many: 'Écrire en ton nom à ces adresses :',
    other: 'Écrire en ton nom à ces adresses :',
  },
  'askedPermissions.readIn': { one: 'Lire cette conversation :', many: 'Lire ces conversations :', other: 'Lire ces conversations :' },
  'askedPermissions.readWith': {
    one: 'Lire ce que cette adresse et toi vous écrivez :',
    many: 'Lire ce que ces adresses et toi vous écrivez :',
    other: 'Lire ce que ces adresses et toi vous écrivez :',
  },
  'askedPermissions.allowThisQuestion': 'Permettre cela ?',
  'askedPermissions.addresses': 'Adresses',
  'askedPermissions.fromNowOn': 'À partir de maintenant',
  'askedPermissions.fromNowOnWhat': 'À partir de maintenant. Ce qui a été écrit avant lui reste caché.',
  'askedPermissions.itCanReadEvery':
    'Il peut lire tous les messages que tu as et auras, écrire à n’importe qui en ton nom et changer qui tu as bloqué, sans redemander et sans que Parley le voie. Seules tes clés privées restent ici. N’autorise cela qu’à un programme à qui tu confierais le compte lui-même.',
  'askedPermissions.useYourWholeAccount': 'Utiliser tout ton compte, sauf ses clés privées.',
  'askedPermissions.readAllYourConversations': 'Lire toutes tes conversations.',
} satisfies CatalogueLike<typeof english>;
