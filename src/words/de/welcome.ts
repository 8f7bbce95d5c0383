import type { welcome as english } from '../en/welcome.ts';
import type { CatalogueLike } from '../message.ts';

export const welcome = {
  'airAddress.digits': { one: '{count} von 40 Ziffern nach 0x.', other: '{count} von 40 Ziffern nach 0x.' },
  'airAddress.theAddressOfYour': 'Die Adresse deiner Wallet',
  'airAddress.parleyShowsYouTexts':
    'Parley zeigt dir Texte zum Unterschreiben; du unterschreibst sie dort, wo die Wallet ist, und fügst die Unterschriften ein. Sonst verlässt nie etwas die Wallet, und keine Seite wird um etwas gebeten.',
  'backupChoice.aBackupOnTheQuestion': 'Eine Sicherung im Netz?',
  'backupChoice.yourMessageKeysAre':
    'Deine Nachrichtenschlüssel sind in diesem Browser. Der Knoten bei {node} kann eine versiegelte Kopie behalten, die deine Wallet auf jedem Gerät mit einer Unterschrift öffnet. Andere XMTP-Programme finden sie auch.',
  'backupChoice.whoeverGetsYourWallet':
    'Wer deine Wallet eines Tages dazu bringt, diesen Text zu unterschreiben, auf einer Seite, die vorgibt, ihn zu brauchen, kann die Kopie öffnen und deine Nachrichten lesen.',
  'backupChoice.keepTheKeysHere': 'Schlüssel nur hier behalten',
  'backupChoice.backUpOnThe': 'Im Netz sichern (zwei Unterschriften)',
  'backupChoice.withoutItLosingThis':
    'Ohne sie gehen mit diesem Browser auch deine Nachrichten verloren, außer du speicherst dein Konto in eine Datei.',
  'choosePassphrase.chooseAPassphrase': 'Wähle eine Passphrase',
  'choosePassphrase.theOneThatOpens': 'Die, mit der sich Parley öffnet. Sie versiegelt dieses Konto neben den anderen.',
  'choosePassphrase.itOpensParleyOn':
    'Sie öffnet Parley auf diesem Gerät und versiegelt alles, was hier liegt. Niemand kann sie für dich zurücksetzen.',
  'lookForKeys.lookingForYourConversations': 'Deine Gespräche werden gesucht',
  'lookForKeys.whetherHasKeysAnd': 'Ob {host} Schlüssel und Nachrichten hat von',
  'lookForKeys.nothingWasMadeOr':
    '{error} Nichts wurde angelegt oder geändert: Ohne seine Antwort kann niemand sagen, ob diese Wallet schon Schlüssel hat.',
  'lookForKeys.anotherNodeIsChosen': 'Einen anderen Knoten wählst du in den Einstellungen.',
  'pageWallet.throughNode':
    'Wallets zeigen sich Webseiten, nicht Erweiterungen. Parley erreicht deine über eine Seite deines Knotens: {where}. Deine Schlüssel bleiben in der Wallet, und bevor sie um eine Unterschrift gebeten wird, siehst du hier, wofür.',
  'pageWallet.throughTab':
    'Wallets zeigen sich Webseiten, nicht Erweiterungen. Parley erreicht deine über die Seite, von der du kommst: {where}. Deine Schlüssel bleiben in der Wallet, und bevor sie um eine Unterschrift gebeten wird, siehst du hier, wofür.',
  'pageWallet.thePage': 'die Seite',
  'pageWallet.chooseYourWallet': 'Wähle deine Wallet',
  'pageWallet.wallets': 'Wallets',
  'pageWallet.lookingForWalletsBegin': 'Wallets werden gesucht…',
  'pageWallet.asksWhetherThisPage': '{name} fragt, ob diese Seite dein Konto sehen darf. Sage Ja in ihrem Fenster.',
  'pageWallet.noWalletHasShown':
    'Auf {where} hat sich keine Wallet gezeigt. Ist eine in diesem Browser installiert, eingeschaltet und auf dieser Seite erlaubt? Handys und Hardware können anders unterschreiben: Geh zurück und wähle „Eine Wallet anderswo“.',
  'pickAccount.usual': 'Üblich',
  'pickAccount.ledger': 'Ledger',
  'pickAccount.oldLedger': 'Alte Ledger',
  'pickAccount.hasConversations': 'Hat Gespräche hier',
  'pickAccount.hasKeys': 'War schon hier',
  'pickAccount.isNew': 'Neu hier',
  'pickAccount.howTheWalletCounts': 'Wie die Wallet zählt',
  'pickAccount.workingOutTheAccounts': 'Die Konten werden berechnet, und der Knoten wird nach ihnen gefragt…',
  'pickAccount.theNodeDidNot': 'Der Knoten hat nicht geantwortet. Darum kann niemand sagen, welche davon hier benutzt wurden.',
  'pickAccount.showMore': 'Mehr zeigen',
  'pickAccount.anotherPath': 'Ein anderer Pfad',
  'pickAccount.derivationPath': 'Ableitungspfad',
  'pickAccount.howTheKeyFollows': 'Wie der Schlüssel aus der Phrase folgt; die Einstellungen der Wallet zeigen ihn.',
  'pickAccount.findAccount': 'Konto finden',
  'restore.bringBackABackup': 'Sicherungsdatei zurückholen',
  'restore.theFileAndIts':
    'Die Datei und ihre Passphrase bringen dein Konto zurück, wie es war, mit Einstellungen und Knoten. Nimm nur eine Datei, die du selbst angelegt hast.',
  'restore.filesNeedAPage': 'Dateien brauchen eine Seite, die offen bleibt: <link>in einem Tab öffnen</link>.',
  'restore.aNewOneWhich': 'Eine neue, mit der du Parley in diesem Browser entsperrst. Mindestens 12 Zeichen.',
  'restore.bringingItBackBegin': 'Wird zurückgeholt…',
  'restore.bringItBack': 'Zurückholen',
  'secrets.words': { one: '{count} Wort.', other: '{count} Wörter.' },
  'secrets.digits': { one: '{count} von 64 Ziffern.', other: '{count} von 64 Ziffern.' },
  'secrets.itStaysInThis': 'Sie bleibt in diesem Browser, versiegelt; keine Seite und kein Knoten sieht sie je.',
  'secrets.wordsWithSpacesBetween': 'Wörter mit Leerzeichen dazwischen, in ihrer Reihenfolge.',
  'secrets.itHasAPassphrase': 'Es gibt dazu eine Passphrase',
  'secrets.passphraseOfThePhrase': 'Passphrase der Phrase',
  'secrets.alsoCalledThe25th': 'Auch 25. Wort genannt. Eine falsche ist kein Fehler: Sie führt zu anderen Konten.',
  'secrets.yourPrivateKey': 'Dein privater Schlüssel',
  'secrets.with64DigitsWithOr': '64 Ziffern, mit oder ohne 0x.',
  'secrets.keysOfAnotherProgram': 'Schlüssel eines anderen Programms',
  'secrets.whatClientGetkeysOf':
    'Was <code>Client.getKeys()</code> von xmtp-js liefert, oder was ein Programm unter <code>xmtp:…:keys:0x…</code> behält: als Datei, Hex, Base64 oder Liste von Zahlen.',
  'secrets.orAFile': 'Oder eine Datei',
  'secrets.thisFileIsToo': 'Diese Datei ist zu groß für Schlüssel.',
  'secrets.theseKeysReadAnd':
    'Diese Schlüssel lesen und schreiben deine Nachrichten. Ohne die Wallet selbst kann Parley ihre Sicherung im Netz nicht erneuern.',
  'sign.thisIsBackupCounted': 'Das ist Sicherung {number}, von der neuesten an gezählt. Eine Unterschrift versucht eine Sicherung.',
  'sign.theTextWordFor': 'Der Text, Wort für Wort',
  'sign.textToSign': 'Text zum Unterschreiben',
  'sign.byThisAccount': 'Von diesem Konto',
  'sign.thePageAtSees':
    'Die Seite bei {host} sieht diese Unterschrift, und wer sie betreibt, könnte sie behalten und deine Sicherung öffnen. Mach nur weiter, wenn du ihnen deine Nachrichten anvertraust; „Anderswo unterschreiben“ hält sie von jeder Seite fern.',
  'sign.signElsewhereAndPaste': 'Anderswo unterschreiben und einfügen',
  'sign.useAWalletIn': 'Eine Wallet in diesem Browser benutzen',
  'sign.asksYouToSign': '{name} bittet dich um eine Unterschrift. Vergleiche den Text in ihrem Fenster mit dem oben.',
  'sign.signWithNamed': 'Mit {name} unterschreiben',
  'sign.theTextToSign': 'Der Text zum Unterschreiben, als QR-Code',
  'sign.signItAsA':
    'Unterschreibe ihn als persönliche Nachricht (EIP-191, „personal_sign“): mit „Nachricht unterschreiben“ in der Wallet, mit einem Werkzeug für Hardware, oder mit <code>cast wallet sign</code>. Der Text hat vier Zeilen, die dritte ist leer, und nach der letzten kommt kein Zeilenende.',
  'sign.textCopied': 'Text kopiert',
  'sign.copyTheText': 'Text kopieren',
  'sign.signature': 'Unterschrift',
  'sign.with130DigitsAfter0x': '130 Ziffern nach 0x. Sie wird geprüft, sobald sie eingefügt ist.',
  'sign.checkTheSignature': 'Unterschrift prüfen',
  'start.writeToAnyWallet': 'Schreibe an jede Wallet. Nur ihr beide könnt es lesen.',
  'start.bringYourAccountBack': 'Hol dein Konto zurück.',
  'start.keysDamagedOf':
    'Beide Kopien der Schlüssel in diesem Browser sind beschädigt: {who}. Wenn ein Neustart des Browsers nicht hilft, hol das Konto mit seiner Wiederherstellungsphrase, einer Signatur seiner Wallet oder einer Sicherungsdatei zurück. Nachrichten kommen wieder vom Knoten; was sonst hier lag, lässt sich nicht mehr öffnen.',
  'start.keysDamaged':
    'Beide Kopien der Schlüssel in diesem Browser sind beschädigt. Wenn ein Neustart des Browsers nicht hilft, hol das Konto mit seiner Wiederherstellungsphrase, einer Signatur seiner Wallet oder einer Sicherungsdatei zurück. Nachrichten kommen wieder vom Knoten; was sonst hier lag, lässt sich nicht mehr öffnen.',
  'start.keysLostOf':
    'In diesem Browser war ein Konto, und der Browser hat dessen Schlüssel verloren: {who}. Hol es mit seiner Wiederherstellungsphrase, einer Signatur seiner Wallet oder einer Sicherungsdatei zurück. Nachrichten kommen wieder vom Knoten; was sonst hier lag, lässt sich nicht mehr öffnen.',
  'start.keysLost':
    'In diesem Browser war ein Konto, und der Browser hat dessen Schlüssel verloren. Hol es mit seiner Wiederherstellungsphrase, einer Signatur seiner Wallet oder einer Sicherungsdatei zurück. Nachrichten kommen wieder vom Knoten; was sonst hier lag, lässt sich nicht mehr öffnen.',
  'start.createANewWallet': 'Neue Wallet anlegen',
  'start.iAlreadyHaveA': 'Ich habe schon eine Wallet',
  'start.thisPageSuggestsThe': 'Diese Seite schlägt den Knoten vor:',
  'start.messagesTravelByThe': 'Nachrichten reisen über den Knoten',
  'start.change': 'Ändern',
  'start.nodeAddress': 'Adresse des Knotens',
  'start.theNodeTheServer': 'Der Knoten (der Server, der deine versiegelten Nachrichten trägt) deiner Gemeinschaft, oder dein eigener.',
  'stepped.progress': '{step} von {all}',
  'stepped.continue': 'Weiter',
  'steps.fetchingYourConversationsBegin': 'Deine Gespräche werden geholt…',
  'steps.sealingYourKeysBegin': 'Deine Schlüssel werden versiegelt…',
  'steps.yourKeysWereFound': 'Deine Schlüssel wurden gefunden, und deine Gespräche kommen zurück.',
  'steps.yourKeysTakeThe': 'Deine Schlüssel treten an die Stelle derer im Netz.',
  'steps.nothingWasFoundOn': 'Beim Knoten wurde nichts gefunden: Du beginnst mit einem leeren Posteingang.',
  'steps.theNetworkHoldsA': 'Das Netz hat eine versiegelte Sicherung.',
  'steps.thereWillBeNo': 'Im Netz wird es keine Sicherung geben: Speichere dein Konto in eine Datei, sobald du kannst.',
  'stuck.backupClosed': 'Deine Sicherung lässt sich nicht öffnen',
  'stuck.keysElsewhere': 'Diese Wallet hat schon Schlüssel',
  'stuck.otherKeys': 'Das Netz zeigt andere Schlüssel',
  'stuck.signsDifferently': 'Diese Wallet unterschreibt jedes Mal anders',
  'stuck.tryOlder': {
    one: 'Eine ältere Sicherung versuchen (noch {count}, je eine Unterschrift)',
    other: 'Eine ältere Sicherung versuchen (noch {count}, je eine Unterschrift)',
  },
  'stuck.keysElsewhereMeans':
    '{host} zeigt Schlüssel dieser Wallet und hat keine Sicherung davon. Ein anderes Programm hat sie: Vielleicht liegt seine Sicherung bei einem anderen Knoten, oder du kannst seine Schlüssel exportieren und hierher bringen. Nichts wurde geändert.',
  'stuck.otherKeysMeans':
    'Die Schlüssel, die du bringst, sind gut, aber {host} zeigt andere für diese Wallet, von einem anderen Programm oder aus einer anderen Zeit. Wer dich nachschlägt, findet jene. Nichts wurde geändert.',
  'stuck.closedToSignature': {
    one: '{host} hat eine Sicherung für diese Wallet, und sie öffnet sich nicht mit deiner Unterschrift. Vielleicht wurde sie mit einem anderen Wallet-Programm angelegt, das anders unterschreibt, oder sie ist beschädigt. Nichts wurde geändert.',
    other:
      '{host} hat eine Sicherung für diese Wallet, und die {count} neuesten öffnen sich nicht mit deiner Unterschrift. Vielleicht wurden sie mit einem anderen Wallet-Programm angelegt, das anders unterschreibt, oder sie sind beschädigt. Nichts wurde geändert.',
  },
  'stuck.closedToWallet': {
    one: '{host} hat eine Sicherung für diese Wallet, und sie öffnet sich nicht mit dieser Wallet. Vielleicht wurde sie mit einem anderen Wallet-Programm angelegt, das anders unterschreibt, oder sie ist beschädigt. Nichts wurde geändert.',
    other:
      '{host} hat eine Sicherung für diese Wallet, und die {count} neuesten öffnen sich nicht mit dieser Wallet. Vielleicht wurden sie mit einem anderen Wallet-Programm angelegt, das anders unterschreibt, oder sie sind beschädigt. Nichts wurde geändert.',
  },
  'stuck.yoursReplace': 'Die Schlüssel, die das Netz jetzt zeigt, weichen deinen.',
  'stuck.newReplace': 'Neue Schlüssel treten an die Stelle der alten, für immer.',
  'stuck.replacingMeans':
    'Gespräche, die zu den anderen gehören, sind hier nicht zu lesen. Das Programm, das sie hat, ist abgeschnitten: Es kann lesen, was es hat, und hört nichts mehr von dir. Wer dir geschrieben hat, erfährt, dass sich deine Schlüssel geändert haben.',
  'stuck.tryBothSignaturesAgain': 'Beide Unterschriften noch einmal versuchen',
  'stuck.lookThere': 'Dort suchen',
  'stuck.lookOnAnotherNode': 'Bei einem anderen Knoten suchen',
  'stuck.chooseAnotherAccount': 'Ein anderes Konto wählen',
  'stuck.bringOtherKeys': 'Andere Schlüssel bringen',
  'stuck.useAnotherWallet': 'Eine andere Wallet benutzen',
  'stuck.useTheseKeysAll': 'Diese Schlüssel trotzdem benutzen…',
  'stuck.iCannotGetThe': 'An die alten Schlüssel komme ich nicht mehr…',
  'stuck.bothSignaturesAreGood':
    'Beide Unterschriften sind gut, und sie sind nicht gleich. Eine Sicherung, die mit der einen versiegelt ist, ließe sich mit einer anderen nie öffnen. Darum wurde keine angelegt. Du kannst ohne sie weitermachen: Dein Konto ist dann nur in diesem Browser, bis du es in eine Datei speicherst.',
  'stuck.putMineInTheir': 'Meine an ihre Stelle setzen',
  'stuck.replaceTheKeys': 'Schlüssel ersetzen',
  'unlock.wait': {
    one: 'Warte {count} Sekunde, dann versuche es noch einmal.',
    other: 'Warte {count} Sekunden, dann versuche es noch einmal.',
  },
  'unlock.wrong': 'Das ist nicht die Passphrase.',
  'unlock.wrongWithTries': {
    one: 'Das ist nicht die Passphrase. Noch {count} Versuch, bevor es langsamer wird.',
    other: 'Das ist nicht die Passphrase. Noch {count} Versuche, bevor es langsamer wird.',
  },
  'unlock.andOthers': { one: '{address} und {count} weiteres Konto', other: '{address} und {count} weitere Konten' },
  'unlock.unlockToAnswer': 'Entsperre, um zu antworten',
  'unlock.unlockParley': 'Parley entsperren',
  'unlock.aSiteHasA': 'Eine Website hat eine Frage an dich. Du siehst sie, sobald Parley offen ist.',
  'unlock.unlock': 'Entsperren',
  'waiting.theWalletHasNot':
    'Die Wallet hat noch nicht geantwortet. Vielleicht liegt ihr Fenster hinter diesem, oder ihr Knopf in der Leiste zeigt eine Zahl. Wenn sie hängt, warte nicht länger, entsperre sie oder starte sie neu, und frage noch einmal; eine späte Antwort wird nicht benutzt.',
  'waiting.stopWaiting': 'Nicht länger warten',
  'wallets.gone': 'Die Seite wurde geschlossen, oder sie ging anderswohin. Wähle wieder eine Seite.',
  'wallets.closedToUs':
    'Der Browser lässt Parley nicht in diese Seite sehen. Öffne sie, klicke dort auf den Knopf von Parley in der Leiste, und beginne von jenem Fenster aus noch einmal.',
  'wallets.noLinkPage':
    'Dieser Knoten hat keine Seite für Wallets. Nimm die Wallet in einer anderen Seite: Öffne sie, klicke dort auf den Knopf von Parley, und beginne von jenem Fenster aus noch einmal.',
  'wallets.noWallet': 'Die Wallet hat die Seite verlassen. Suche noch einmal nach Wallets.',
  'wallets.refused': 'Deine Wallet sagt, dass du abgelehnt hast. Nichts wurde unterschrieben; frage wieder, wann du magst.',
  'wallets.busy':
    'Deine Wallet hat diese Frage schon offen. Suche ihr Fenster und antworte dort, oder schließe es und versuche es noch einmal.',
  'wallets.wrongAccount':
    'Deine Wallet gibt dieser Seite ein anderes Konto. Wähle das richtige in der Wallet, und versuche es dann noch einmal.',
  'wallets.noAccount':
    'Deine Wallet gibt dieser Seite kein Konto. Entsperre sie, oder erlaube der Seite, ein Konto zu sehen, und versuche es dann noch einmal.',
  'wallets.failed': 'Deine Wallet konnte es nicht.',
  'wallets.forged':
    'Die Seite hat anstelle ihrer Wallet geantwortet, mit etwas, das keine Wallet sagt. Nichts davon wurde benutzt. Wähle eine andere Seite.',
  'wallets.itSays': 'Sie sagt: „{detail}“',
  'wallets.itShows': 'Sie zeigt jetzt {address}.',
  'wallets.wrongSigner':
    'Das hat {signer} unterschrieben, nicht {address}; oder ein anderer Text wurde unterschrieben. Unterschreibe genau diesen Text, mit diesem Konto.',
  'wallets.previous':
    'Das ist die Unterschrift des vorigen Textes. Manche Wallets geben eine alte heraus: Frage noch einmal, und wenn es bleibt, verbinde die Wallet neu.',
  'wallets.contract':
    'Das ist eine Unterschrift, die ein Vertrag prüft. Konten, die Verträge sind, können XMTP V2 nicht benutzen: Es braucht eine Wallet mit eigenem Schlüssel.',
  'wallets.malformed': 'Das ist keine Unterschrift. Sie hat 130 Ziffern nach 0x, oder 128 in der kurzen Form.',
  'wallets.wrongOrigin':
    'Die Antwort kam von einer anderen Seite, als gefragt wurde. Nichts davon wurde benutzt. Wähle die Seite noch einmal.',
  'wallets.stale': 'Das beantwortet eine frühere Frage. Frage noch einmal.',
  'wallets.createTitle': 'Lass deine Wallet für dich bürgen',
  'wallets.createWhy':
    'Parley hat Schlüssel für deine Nachrichten gemacht. Mit dieser Unterschrift sagt deine Wallet, dass sie dir gehören, damit andere sicher sein können, wem sie schreiben. Sie bewegt kein Geld und erlaubt sonst nichts.',
  'wallets.enableTitle': 'Die Sicherung versiegeln',
  'wallets.enableWhy':
    'Die Unterschrift dieses Textes wird der Schlüssel zur Sicherung. Parley zeigt sie nie jemandem. Sie bleibt hier, versiegelt, damit neuere Schlüssel ohne neue Frage in die Sicherung kommen. Unterschreibe diesen Text nur für Programme, denen du deine Nachrichten anvertraust.',
  'wallets.enableAgainTitle': 'Noch einmal, zur Sicherheit',
  'wallets.enableAgainWhy':
    'Noch einmal derselbe Text. Sind beide Unterschriften gleich, kann diese Wallet die Sicherung jederzeit öffnen. Manche Wallets unterschreiben jedes Mal anders: besser, es jetzt zu wissen.',
  'wallets.openTitle': 'Deine Sicherung öffnen',
  'wallets.openWhy':
    'Der Knoten hat eine Sicherung der Schlüssel, die du früher benutzt hast. Mit dieser Unterschrift öffnet sie sich, und deine Gespräche kommen zurück. Nichts Neues wird angelegt.',
  'ways.newWallet': 'Neue Wallet',
  'ways.parleyMakesOneWith': 'Parley legt eine an, mit Wiederherstellungsphrase.',
  'ways.theWalletInThe': 'Die Wallet im Tab von {host}',
  'ways.itsWindowAsksYou': 'Ihr Fenster fragt dich; die Schlüssel bleiben in der Wallet.',
  'ways.aWalletInThis': 'Eine Wallet in diesem Browser',
  'ways.metamaskRabbyAndThe': 'MetaMask, Rabby und ähnliche unterschreiben; die Schlüssel bleiben in der Wallet.',
  'ways.with12To24Words': '12 bis 24 Wörter; wähle das Konto.',
  'ways.ofOneAccount': 'Eines Kontos.',
  'ways.aWalletApart': 'Eine Wallet anderswo',
  'ways.onPaperOnA': 'Auf Papier, auf dem Handy, offline: Lies den Text dort, füge die Unterschrift hier ein.',
  'ways.keysOfAnotherXmtp': 'Schlüssel eines anderen XMTP-Programms',
  'ways.whatXmtpJsExports': 'Was xmtp-js exportiert oder behält; ohne Wallet.',
  'ways.whatDoYouHaveQuestion': 'Was hast du?',
  'ways.aBackupFileOf': 'Eine Sicherungsdatei von Parley',
  'ways.accountMessagesAndSettings': 'Konto, Nachrichten und Einstellungen, wie sie waren.',
  'welcome.words': { one: '{count} Wort', other: '{count} Wörter' },
  'welcome.makingYourKeysBegin': 'Deine Schlüssel werden gemacht…',
  'writePhrase.theseWordsAreYour':
    'Diese Wörter sind dein Konto. Auf Papier bringen sie es auf jedem Gerät zurück; wer sie hat, ist du. Schreibe sie in ihrer Reihenfolge auf, von Hand: Bilder und Notizen auf einem Computer werden kopiert.',
  'writePhrase.iHaveWrittenThem': 'Ich habe sie aufgeschrieben',
  'writePhrase.later': 'Später',
  'writePhrase.laterIsFineParley':
    'Später geht auch: Parley erinnert dich, bis es getan ist, und zeigt sie dir gegen deine Passphrase wieder.',
  'writePhrase.threeWordsToBe': 'Drei Wörter, zur Sicherheit',
  'writePhrase.fromYourPaperIf': 'Von deinem Papier. Wenn eines nicht passt, geh zurück und vergleiche.',
  'writePhrase.word': 'Wort {count}',
  'writePhrase.wordIsAnotherOne': 'Wort {count} ist ein anderes.',
  'writePhrase.writeYourPhraseDown': 'Schreibe deine Phrase auf',
  'writePhrase.havePaperAndA':
    'Halte Papier und Stift bereit, und sieh, dass niemand hinter dir steht. Ohne die Phrase verlierst du mit diesem Browser auch dieses Konto.',
  'pageWallet.thisPagesWallet': 'Die Wallet dieser Seite',
} satisfies CatalogueLike<typeof english>;
