import type { prompts as english } from '../en/prompts.ts';
import type { CatalogueLike } from '../message.ts';

export const prompts = {
  'approve.untilYouCloseIt': 'Bis du sie schließt',
  'approve.aSiteAsks': 'Eine Website fragt',
  'approve.moreBehind': {
    one: 'Eine Website fragt. Dahinter wartet noch {count}.',
    other: 'Eine Website fragt. Dahinter warten noch {count}.',
  },
  'approve.writeTo': { one: 'In deinem Namen an diese Adresse schreiben:', other: 'In deinem Namen an diese {count} Adressen schreiben:' },
  'approve.noSiteIsAsking': 'Keine Website fragt etwas.',
  'approve.openTheInbox': 'Posteingang öffnen',
  'approve.itReadsInLetters':
    'Sie liest sich als {host}, in Buchstaben, die wie andere aussehen können. Verlass dich auf die einfache Form oben.',
  'approve.httpAPageOf': 'http, eine Seite dieses Computers',
  'approve.itCallsItself': 'Sie nennt sich „{name}“.',
  'approve.theMessageItSends': 'Die Nachricht, die sie jetzt sendet',
  'said.file': 'Eine Datei „{name}“ mit {size}',
  'said.someFile': 'Eine Datei mit {size}',
  'said.remoteFile': 'Eine Datei „{name}“ bei {url}',
  'said.someRemoteFile': 'Eine Datei bei {url}',
  'said.reply': 'Eine Antwort auf eine Nachricht: {words}',
  'said.someReply': 'Eine Antwort auf eine Nachricht',
  'said.reaction': '„{sign}“ als Reaktion auf eine Nachricht',
  'said.reactionRemoved': '„{sign}“, von einer Nachricht zurückgenommen',
  'said.readReceipt': 'Dass du die Nachrichten bis jetzt gelesen hast',
  'said.transaction': 'Eine Transaktion: {reference}',
  'approve.forHowLong': 'Für wie lange',
  'approve.itNeverGetsYour': 'Deine privaten Schlüssel bekommt sie nie. Du kannst das in den Einstellungen zurücknehmen.',
  'approve.itCanNeverSee': 'Deine Schlüssel und Kontakte kann sie nie sehen. Du kannst das in den Einstellungen zurücknehmen.',
  'approve.itCanNeverSeeYour':
    'Deine Schlüssel, Gespräche und Kontakte kann sie nie sehen. Du kannst das in den Einstellungen zurücknehmen.',
  'approve.withYourAccount': 'Mit deinem Konto {address}',
  'approve.theWholeAccountIs': 'Das ganze Konto gibt es nur mit deiner Passphrase und für höchstens 24 Stunden.',
  'approve.refuse': 'Ablehnen',
  'approve.allow': 'Erlauben',
  'approve.goOnWithWhat': 'Mit dem weitermachen, was du ihr zuvor erlaubt hast.',
  'approve.connectToParleyQuestion': 'Mit Parley verbinden?',
  'approve.askWhetherOtherAddresses':
    'Fragen, ob man anderen Adressen schreiben kann. Ohne neue Frage kann sie nichts schreiben und nichts lesen.',
  'approve.letItWriteIn': 'In deinem Namen schreiben lassen?',
  'askedPermissions.writeToAnybody': 'In deinem Namen allen schreiben.',
  'askedPermissions.writeIn': {
    one: 'In deinem Namen in diesem Gespräch schreiben:',
    other: 'In deinem Namen in diesen Gesprächen schreiben:',
  },
  'askedPermissions.writeTo': { one: 'In deinem Namen an diese Adresse schreiben:', other: 'In deinem Namen an diese Adressen schreiben:' },
  'askedPermissions.readIn': { one: 'Dieses Gespräch lesen:', other: 'Diese Gespräche lesen:' },
  'askedPermissions.readWith': {
    one: 'Lesen, was du und diese Adresse einander schreibt:',
    other: 'Lesen, was du und diese Adressen einander schreibt:',
  },
  'askedPermissions.allowThisQuestion': 'Das erlauben?',
  'askedPermissions.addresses': 'Adressen',
  'askedPermissions.fromNowOn': 'Von jetzt an',
  'askedPermissions.fromNowOnWhat': 'Von jetzt an. Was vorher geschrieben wurde, bleibt ihr verborgen.',
  'askedPermissions.itCanReadEvery':
    'Sie kann jede Nachricht lesen, die du hast und bekommen wirst, in deinem Namen allen schreiben und ändern, wen du blockiert hast, ohne noch einmal zu fragen und ohne dass Parley es sieht. Nur deine privaten Schlüssel bleiben hier. Erlaube das nur einem Programm, dem du das Konto selbst anvertrauen würdest.',
  'askedPermissions.useYourWholeAccount': 'Dein ganzes Konto benutzen, außer den privaten Schlüsseln.',
  'askedPermissions.readAllYourConversations': 'Alle deine Gespräche lesen.',
} satisfies CatalogueLike<typeof english>;
