import type { refusals as english } from '../en/refusals.ts';
import type { CatalogueLike } from '../message.ts';

export const refusals = {
  'refusals.privateKeyDigits': 'Ein privater Schlüssel hat 64 hexadezimale Ziffern.',
  'refusals.noSuchKey': 'Keine Wallet kann diese Zahl als Schlüssel haben.',
  'refusals.phraseLength': 'Eine Wiederherstellungsphrase hat 12, 15, 18, 21 oder 24 Wörter, nicht {number}.',
  'refusals.unknownWord': 'Wort {number} ist keines, aus dem Wiederherstellungsphrasen bestehen.',
  'refusals.wrongWords': 'Die Wörter gehören nicht zusammen: Eines ist ein anderes, oder zwei sind vertauscht.',
  'refusals.pathYieldsNothing': 'Der Pfad ergibt keinen Schlüssel.',
  'refusals.pathForm': "Ein Ableitungspfad sieht so aus: m/44'/60'/0'/0/0.",
  'refusals.fileTooLarge': 'Dateien haben höchstens 25 MB.',
  'refusals.fileNeedsHttps':
    'Dieser Knoten wird nicht über https erreicht. Darum können Dateien mit mehr als {number} kB dort nicht für andere abgelegt werden.',
  'refusals.fileTooLargeForNode':
    'Der Knoten {host} nimmt keine Datei dieser Größe. Wähle eine kleinere oder in den Einstellungen einen anderen Knoten.',
  'refusals.fileEmpty': 'Diese Datei ist leer.',
  'refusals.tooManyFilesWait': 'Zu viele Dateien warten darauf, gesendet zu werden. Sende zuerst einige davon, oder lass sie weg.',
  'refusals.fileOfStranger': 'Nimm zuerst das Gespräch an: Erst dann wird die Datei eines Fremden weitergeleitet.',
  'refusals.tooManyMembers': 'Eine Gruppe hat höchstens {number} Mitglieder.',
  'refusals.nameTooLong': 'Ein Name hat höchstens {number} Zeichen.',
  'refusals.titleTooLong': 'Ein Titel hat höchstens {number} Zeichen.',
  'refusals.mistypedAddress':
    'Die Großbuchstaben in dieser Adresse passen nicht: Ein Zeichen ist falsch. Kopiere sie noch einmal von dort, wo du sie hast.',
  'refusals.permissionChanged': 'Diese Erlaubnis ist inzwischen eine andere. Sieh sie dir noch einmal an.',
  'refusals.wrongChecksum': 'Die Prüfsumme von {address} ist falsch.',
  'refusals.groupNeedsOthers': 'Eine Gruppe braucht noch jemanden.',
  'refusals.leaveInstead': 'Verlasse die Gruppe, um nicht mehr dabei zu sein.',
  'refusals.creatorOnly': 'Nur wer sie gegründet hat, ändert eine Gruppe.',
  'refusals.nodeQuery': 'Die Adresse eines Knotens hat keinen Teil mit „?“ oder „#“.',
  'refusals.nodeUser': 'Die Adresse eines Knotens enthält weder Benutzernamen noch Passwort.',
  'refusals.nodeScheme': 'Die Adresse eines Knotens beginnt mit https:// oder http://.',
  'refusals.nodeNearby': 'http:// ist für Knoten auf diesem Computer oder in einem privaten Netz. Nimm für diesen https://.',
  'refusals.exportTooLarge': 'Eine Datei fasst höchstens {number} Nachrichten. Exportiere weniger Gespräche.',
  'refusals.backupTooLarge': 'Eine Sicherungsdatei fasst höchstens {most} Nachrichten; es sind {number}.',
  'refusals.serverUser': 'In der Adresse eines Servers steht kein Benutzername und kein Passwort.',
  'refusals.serverScheme':
    'Die Adresse eines Servers beginnt mit https://, oder mit http://, wenn er auf diesem Computer oder in einem privaten Netz ist.',
  'refusals.noAddress': 'Das ist keine Webadresse.',
  'refusals.ownAddress': 'Das ist deine eigene Adresse.',
  'refusals.nodeInUse': 'Dieser Knoten wird benutzt.',
  'refusals.nodeNotKept': 'Dieser Knoten ist hier nicht gespeichert.',
  'refusals.messageTooLong': 'Diese Nachricht ist zu lang zum Senden.',
  'refusals.groupIds': 'Kennungen dieser Form stehen für Gruppen.',
  'refusals.safetyOfTwo': 'Eine Sicherheitsnummer gibt es nur zwischen zweien.',
  'refusals.fileForNobody': 'In der Datei ist kein Konto, das hier aufgenommen werden kann.',
  'refusals.fileNotOpen': 'Die Datei ist nicht offen.',
  'refusals.filePieces': 'Die Teile der Datei passen nicht zusammen.',
} satisfies CatalogueLike<typeof english>;
