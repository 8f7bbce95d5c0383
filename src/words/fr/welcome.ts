import type { welcome as english } from '../en/welcome.ts';
import type { CatalogueLike } from '../message.ts';

export const welcome = {
  'airAddress.digits': {
    one: '{count} chiffre sur 40 après 0x.',
    many: '{count} chiffres sur 40 après 0x.',
    other: '{count} chiffres sur 40 après 0x.',
  },
  'airAddress.theAddressOfYour': 'L’adresse de ton portefeuille',
  'airAddress.parleyShowsYouTexts':
    'Parley te montre des textes à signer ; tu les signes là où est le portefeuille et tu colles les signatures. Rien d’autre ne quitte jamais le portefeuille, et rien n’est demandé à aucune page.',
  'backupChoice.aBackupOnTheQuestion': 'Une sauvegarde sur le réseau ?',
  'backupChoice.yourMessageKeysAre':
    'Tes clés de messages sont dans ce navigateur. Le nœud à {node} peut en garder une copie chiffrée, que ton portefeuille ouvre par une signature sur n’importe quel appareil. D’autres programmes XMTP la trouvent aussi.',
  'backupChoice.whoeverGetsYourWallet':
    'Qui amène un jour ton portefeuille à signer ce texte, sur une page qui prétend en avoir besoin, peut ouvrir la copie et lire tes messages.',
  'backupChoice.keepTheKeysHere': 'Garder les clés ici seulement',
  'backupChoice.backUpOnThe': 'Sauvegarder sur le réseau (deux signatures)',
  'backupChoice.withoutItLosingThis':
    'Sans elle, perdre ce navigateur fait perdre tes messages, sauf si tu enregistres ton compte dans un fichier.',
  'choosePassphrase.chooseAPassphrase': 'Choisis une phrase de passe',
  'choosePassphrase.theOneThatOpens': 'Celle qui ouvre Parley. Elle chiffre ce compte à côté des autres.',
  'choosePassphrase.itOpensParleyOn':
    'Elle ouvre Parley sur cet appareil et chiffre tout ce qui est gardé ici. Personne ne peut la réinitialiser pour toi.',
  'lookForKeys.lookingForYourConversations': 'Recherche de tes conversations',
  'lookForKeys.whetherHasKeysAnd': 'Si {host} a des clés et des messages de',
  'lookForKeys.nothingWasMadeOr':
    '{error} Rien n’a été fait ni changé : sans sa réponse, personne ne peut dire si ce portefeuille a déjà des clés.',
  'lookForKeys.anotherNodeIsChosen': 'Un autre nœud se choisit dans les Paramètres.',
  'pageWallet.throughNode':
    'Les portefeuilles se montrent aux pages web, pas aux extensions. Parley atteint le tien par une page de ton nœud : {where}. Tes clés restent dans le portefeuille, et avant qu’une signature lui soit demandée, tu vois ici pourquoi.',
  'pageWallet.throughTab':
    'Les portefeuilles se montrent aux pages web, pas aux extensions. Parley atteint le tien par la page d’où tu viens : {where}. Tes clés restent dans le portefeuille, et avant qu’une signature lui soit demandée, tu vois ici pourquoi.',
  'pageWallet.thePage': 'la page',
  'pageWallet.chooseYourWallet': 'Choisis ton portefeuille',
  'pageWallet.wallets': 'Portefeuilles',
  'pageWallet.lookingForWalletsBegin': 'Recherche de portefeuilles…',
  'pageWallet.asksWhetherThisPage': '{name} demande si cette page peut voir ton compte. Dis oui dans sa fenêtre.',
  'pageWallet.noWalletHasShown':
    'Aucun portefeuille ne s’est montré sur {where}. Y en a-t-il un installé dans ce navigateur, activé et autorisé sur cette page ? Téléphones et matériel signent autrement : reviens et choisis « Un portefeuille à part ».',
  'pickAccount.usual': 'Habituel',
  'pickAccount.ledger': 'Ledger',
  'pickAccount.oldLedger': 'Ancien Ledger',
  'pickAccount.hasConversations': 'A des conversations ici',
  'pickAccount.hasKeys': 'Est déjà venu',
  'pickAccount.isNew': 'Nouveau ici',
  'pickAccount.howTheWalletCounts': 'Comment compte le portefeuille',
  'pickAccount.workingOutTheAccounts': 'Calcul des comptes, et question au nœud à leur sujet…',
  'pickAccount.theNodeDidNot': 'Le nœud n’a pas répondu, personne ne peut donc dire lesquels ont été utilisés ici.',
  'pickAccount.showMore': 'En afficher plus',
  'pickAccount.anotherPath': 'Un autre chemin',
  'pickAccount.derivationPath': 'Chemin de dérivation',
  'pickAccount.howTheKeyFollows': 'Comment la clé découle de la phrase ; les paramètres du portefeuille le montrent.',
  'pickAccount.findAccount': 'Trouver le compte',
  'restore.bringBackABackup': 'Ramener un fichier de sauvegarde',
  'restore.theFileAndIts':
    'Le fichier et sa phrase de passe ramènent ton compte tel qu’il était, paramètres et nœud compris. N’utilise qu’un fichier que tu as fait.',
  'restore.filesNeedAPage': 'Les fichiers demandent une page qui reste ouverte : <link>ouvrir ceci dans un onglet</link>.',
  'restore.aNewOneWhich': 'Une nouvelle, qui déverrouille Parley dans ce navigateur. Au moins 12 caractères.',
  'restore.bringingItBackBegin': 'Restauration…',
  'restore.bringItBack': 'Ramener',
  'secrets.words': { one: '{count} mot.', many: '{count} mots.', other: '{count} mots.' },
  'secrets.digits': { one: '{count} chiffre sur 64.', many: '{count} chiffres sur 64.', other: '{count} chiffres sur 64.' },
  'secrets.itStaysInThis': 'Elle reste dans ce navigateur, chiffrée ; aucune page et aucun nœud ne la voit jamais.',
  'secrets.wordsWithSpacesBetween': 'Des mots séparés par des espaces, dans leur ordre.',
  'secrets.itHasAPassphrase': 'Elle a en plus une phrase de passe',
  'secrets.passphraseOfThePhrase': 'Phrase de passe de la phrase',
  'secrets.alsoCalledThe25th': 'Aussi appelée le 25e mot. Une fausse n’est pas une erreur : elle mène à d’autres comptes.',
  'secrets.yourPrivateKey': 'Ta clé privée',
  'secrets.with64DigitsWithOr': '64 chiffres, avec ou sans 0x.',
  'secrets.keysOfAnotherProgram': 'Clés d’un autre programme',
  'secrets.whatClientGetkeysOf':
    'Ce que renvoie <code>Client.getKeys()</code> de xmtp-js, ou ce qu’un programme garde sous <code>xmtp:…:keys:0x…</code> : en fichier, hex, base64 ou liste de nombres.',
  'secrets.orAFile': 'Ou un fichier',
  'secrets.thisFileIsToo': 'Ce fichier est trop gros pour être des clés.',
  'secrets.theseKeysReadAnd':
    'Ces clés lisent et écrivent tes messages. Sans le portefeuille lui-même, Parley ne peut pas renouveler leur sauvegarde sur le réseau.',
  'sign.thisIsBackupCounted': 'C’est la sauvegarde {number}, en comptant depuis la plus récente. Une signature essaie une sauvegarde.',
  'sign.theTextWordFor': 'Le texte, mot pour mot',
  'sign.textToSign': 'Texte à signer',
  'sign.byThisAccount': 'Par ce compte',
  'sign.thePageAtSees':
    'La page à {host} voit cette signature, et qui la tient pourrait la garder et ouvrir ta sauvegarde. Ne continue que si tu lui confies tes messages ; « Signer ailleurs » la tient à l’écart de toute page.',
  'sign.signElsewhereAndPaste': 'Signer ailleurs, et coller',
  'sign.useAWalletIn': 'Utiliser un portefeuille de ce navigateur',
  'sign.asksYouToSign': '{name} te demande de signer. Compare le texte de sa fenêtre avec celui du dessus.',
  'sign.signWithNamed': 'Signer avec {name}',
  'sign.theTextToSign': 'Le texte à signer, en code QR',
  'sign.signItAsA':
    'Signe-le comme message personnel (EIP-191, « personal_sign ») : par « signer un message » du portefeuille, avec un outil matériel, ou par <code>cast wallet sign</code>. Le texte a quatre lignes, la troisième est vide, et aucune fin de ligne ne suit la dernière.',
  'sign.textCopied': 'Texte copié',
  'sign.copyTheText': 'Copier le texte',
  'sign.signature': 'Signature',
  'sign.with130DigitsAfter0x': '130 chiffres après 0x. Elle est vérifiée dès qu’elle est collée.',
  'sign.checkTheSignature': 'Vérifier la signature',
  'start.writeToAnyWallet': 'Écris à n’importe quel portefeuille. Vous deux seuls pouvez lire.',
  'start.bringYourAccountBack': 'Retrouve ton compte.',
  'start.keysDamagedOf':
    'Les deux copies des clés de ce navigateur sont endommagées : {who}. Si un redémarrage du navigateur n’y change rien, ramène le compte avec sa phrase de récupération, une signature de son portefeuille ou un fichier de sauvegarde. Les messages reviennent du nœud ; le reste de ce qui était ici ne peut plus être ouvert.',
  'start.keysDamaged':
    'Les deux copies des clés de ce navigateur sont endommagées. Si un redémarrage du navigateur n’y change rien, ramène le compte avec sa phrase de récupération, une signature de son portefeuille ou un fichier de sauvegarde. Les messages reviennent du nœud ; le reste de ce qui était ici ne peut plus être ouvert.',
  'start.keysLostOf':
    'Il y avait un compte dans ce navigateur, et le navigateur en a perdu les clés : {who}. Ramène-le avec sa phrase de récupération, une signature de son portefeuille ou un fichier de sauvegarde. Les messages reviennent du nœud ; le reste de ce qui était ici ne peut plus être ouvert.',
  'start.keysLost':
    'Il y avait un compte dans ce navigateur, et le navigateur en a perdu les clés. Ramène-le avec sa phrase de récupération, une signature de son portefeuille ou un fichier de sauvegarde. Les messages reviennent du nœud ; le reste de ce qui était ici ne peut plus être ouvert.',
  'start.createANewWallet': 'Créer un nouveau portefeuille',
  'start.iAlreadyHaveA': 'J’ai déjà un portefeuille',
  'start.thisPageSuggestsThe': 'Cette page propose le nœud',
  'start.messagesTravelByThe': 'Les messages passent par le nœud',
  'start.change': 'Changer',
  'start.nodeAddress': 'Adresse du nœud',
  'start.theNodeTheServer': 'Le nœud (le serveur qui porte tes messages chiffrés) de ta communauté, ou le tien.',
  'stepped.progress': '{step} sur {all}',
  'stepped.continue': 'Continuer',
  'steps.fetchingYourConversationsBegin': 'Récupération de tes conversations…',
  'steps.sealingYourKeysBegin': 'Chiffrement de tes clés…',
  'steps.yourKeysWereFound': 'Tes clés ont été trouvées, et tes conversations reviennent.',
  'steps.yourKeysTakeThe': 'Tes clés prennent la place de celles du réseau.',
  'steps.nothingWasFoundOn': 'Rien n’a été trouvé sur le nœud : tu commences avec une boîte vide.',
  'steps.theNetworkHoldsA': 'Le réseau contient une sauvegarde chiffrée.',
  'steps.thereWillBeNo': 'Il n’y aura pas de sauvegarde sur le réseau : enregistre ton compte dans un fichier quand tu peux.',
  'stuck.backupClosed': 'Ta sauvegarde ne s’ouvre pas',
  'stuck.keysElsewhere': 'Ce portefeuille a déjà des clés',
  'stuck.otherKeys': 'Le réseau montre d’autres clés',
  'stuck.signsDifferently': 'Ce portefeuille signe chaque fois autrement',
  'stuck.tryOlder': {
    one: 'Essayer une sauvegarde plus ancienne (reste {count}, une signature)',
    many: 'Essayer une sauvegarde plus ancienne (restent {count}, une signature chacune)',
    other: 'Essayer une sauvegarde plus ancienne (restent {count}, une signature chacune)',
  },
  'stuck.keysElsewhereMeans':
    '{host} montre des clés de ce portefeuille, et n’en a pas de sauvegarde. Un autre programme les détient : peut-être sa sauvegarde est-elle sur un autre nœud, ou tu peux exporter ses clés et les apporter ici. Rien n’a été changé.',
  'stuck.otherKeysMeans':
    'Les clés que tu apportes sont bonnes, mais {host} en montre d’autres pour ce portefeuille, faites par un autre programme ou à un autre moment. Qui te cherche trouve celles-là. Rien n’a été changé.',
  'stuck.closedToSignature': {
    one: '{host} a une sauvegarde pour ce portefeuille, et elle ne s’ouvre pas avec ta signature. Elle a peut-être été faite avec un autre programme de portefeuille qui signe autrement, ou abîmée. Rien n’a été changé.',
    many: '{host} a une sauvegarde pour ce portefeuille, et les {count} plus récentes ne s’ouvrent pas avec ta signature. Elles ont peut-être été faites avec un autre programme de portefeuille qui signe autrement, ou abîmées. Rien n’a été changé.',
    other:
      '{host} a une sauvegarde pour ce portefeuille, et les {count} plus récentes ne s’ouvrent pas avec ta signature. Elles ont peut-être été faites avec un autre programme de portefeuille qui signe autrement, ou abîmées. Rien n’a été changé.',
  },
  'stuck.closedToWallet': {
    one: '{host} a une sauvegarde pour ce portefeuille, et elle ne s’ouvre pas avec ce portefeuille. Elle a peut-être été faite avec un autre programme de portefeuille qui signe autrement, ou abîmée. Rien n’a été changé.',
    many: '{host} a une sauvegarde pour ce portefeuille, et les {count} plus récentes ne s’ouvrent pas avec ce portefeuille. Elles ont peut-être été faites avec un autre programme de portefeuille qui signe autrement, ou abîmées. Rien n’a été changé.',
    other:
      '{host} a une sauvegarde pour ce portefeuille, et les {count} plus récentes ne s’ouvrent pas avec ce portefeuille. Elles ont peut-être été faites avec un autre programme de portefeuille qui signe autrement, ou abîmées. Rien n’a été changé.',
  },
  'stuck.yoursReplace': 'Les clés que le réseau montre à présent cèdent la place aux tiennes.',
  'stuck.newReplace': 'De nouvelles clés prennent la place des anciennes, pour de bon.',
  'stuck.replacingMeans':
    'Les conversations qui vont avec les autres ne peuvent se lire ici. Le programme qui les a est coupé : il peut lire ce qu’il a et n’entendra plus parler de toi. Ceux qui t’ont écrit apprennent que tes clés ont changé.',
  'stuck.tryBothSignaturesAgain': 'Réessayer les deux signatures',
  'stuck.lookThere': 'Y chercher',
  'stuck.lookOnAnotherNode': 'Chercher sur un autre nœud',
  'stuck.chooseAnotherAccount': 'Choisir un autre compte',
  'stuck.bringOtherKeys': 'Apporter d’autres clés',
  'stuck.useAnotherWallet': 'Utiliser un autre portefeuille',
  'stuck.useTheseKeysAll': 'Utiliser ces clés malgré tout…',
  'stuck.iCannotGetThe': 'Je ne peux plus obtenir les anciennes clés…',
  'stuck.bothSignaturesAreGood':
    'Les deux signatures sont bonnes, et elles ne sont pas égales. Une sauvegarde chiffrée avec l’une ne pourrait jamais s’ouvrir avec une autre, aucune n’a donc été faite. Tu peux continuer sans elle : ton compte n’est alors que dans ce navigateur, jusqu’à ce que tu l’enregistres dans un fichier.',
  'stuck.putMineInTheir': 'Mettre les miennes à leur place',
  'stuck.replaceTheKeys': 'Remplacer les clés',
  'unlock.wait': {
    one: 'Attends {count} seconde, puis réessaie.',
    many: 'Attends {count} secondes, puis réessaie.',
    other: 'Attends {count} secondes, puis réessaie.',
  },
  'unlock.wrong': 'Ce n’est pas la phrase de passe.',
  'unlock.wrongWithTries': {
    one: 'Ce n’est pas la phrase de passe. Encore {count} essai avant que cela ralentisse.',
    many: 'Ce n’est pas la phrase de passe. Encore {count} essais avant que cela ralentisse.',
    other: 'Ce n’est pas la phrase de passe. Encore {count} essais avant que cela ralentisse.',
  },
  'unlock.andOthers': {
    one: '{address} et {count} autre compte',
    many: '{address} et {count} autres comptes',
    other: '{address} et {count} autres comptes',
  },
  'unlock.unlockToAnswer': 'Déverrouille pour répondre',
  'unlock.unlockParley': 'Déverrouiller Parley',
  'unlock.aSiteHasA': 'Un site a une question pour toi. Elle s’affiche une fois Parley ouvert.',
  'unlock.unlock': 'Déverrouiller',
  'waiting.theWalletHasNot':
    'Le portefeuille n’a pas encore répondu. Sa fenêtre est peut-être derrière celle-ci, ou son bouton dans la barre montre un nombre. S’il est bloqué, arrête d’attendre, déverrouille-le ou relance-le, et redemande ; une réponse tardive n’est pas utilisée.',
  'waiting.stopWaiting': 'Ne plus attendre',
  'wallets.gone': 'La page a été fermée, ou elle est allée ailleurs. Choisis de nouveau une page.',
  'wallets.closedToUs':
    'Le navigateur ne laisse pas Parley regarder dans cette page. Ouvre-la, clique là sur le bouton de Parley dans la barre, et recommence depuis cette fenêtre.',
  'wallets.noLinkPage':
    'Ce nœud n’a pas de page pour portefeuilles. Utilise le portefeuille dans une autre page : ouvre-la, clique là sur le bouton de Parley, et recommence depuis cette fenêtre.',
  'wallets.noWallet': 'Le portefeuille a quitté la page. Cherche de nouveau des portefeuilles.',
  'wallets.refused': 'Ton portefeuille dit que tu as refusé. Rien n’a été signé ; redemande quand tu veux.',
  'wallets.busy': 'Ton portefeuille a déjà cette question ouverte. Cherche sa fenêtre et réponds là, ou ferme-la et réessaie.',
  'wallets.wrongAccount': 'Ton portefeuille prête à cette page un autre compte. Choisis le bon dans le portefeuille, puis réessaie.',
  'wallets.noAccount':
    'Ton portefeuille ne prête aucun compte à cette page. Déverrouille-le, ou permets à la page de voir un compte, puis réessaie.',
  'wallets.failed': 'Ton portefeuille n’a pas pu le faire.',
  'wallets.forged':
    'La page a répondu à la place de son portefeuille, par quelque chose qu’aucun portefeuille ne dit. Rien n’en a été utilisé. Choisis une autre page.',
  'wallets.itSays': 'Il dit : « {detail} »',
  'wallets.itShows': 'Il montre maintenant {address}.',
  'wallets.wrongSigner':
    'Cela a été signé par {signer}, non par {address} ; ou un autre texte a été signé. Signe exactement ce texte, avec ce compte.',
  'wallets.previous':
    'C’est la signature du texte précédent. Certains portefeuilles en rendent une ancienne : redemande, et si cela reste, reconnecte le portefeuille.',
  'wallets.contract':
    'C’est une signature qu’un contrat vérifie. Les comptes qui sont des contrats ne peuvent pas utiliser XMTP V2 : il faut un portefeuille avec sa propre clé.',
  'wallets.malformed': 'Ce n’est pas une signature. Elle a 130 chiffres après 0x, ou 128 sous la forme courte.',
  'wallets.wrongOrigin': 'La réponse est venue d’une autre page que celle interrogée. Rien n’en a été utilisé. Choisis de nouveau la page.',
  'wallets.stale': 'Cela répond à une question précédente. Redemande.',
  'wallets.createTitle': 'Que ton portefeuille se porte garant de toi',
  'wallets.createWhy':
    'Parley a fait des clés pour tes messages. Par cette signature, ton portefeuille dit qu’elles sont à toi, afin que d’autres soient sûrs de qui ils écrivent. Elle ne déplace pas d’argent et ne permet rien d’autre.',
  'wallets.enableTitle': 'Chiffrer la sauvegarde',
  'wallets.enableWhy':
    'La signature de ce texte devient la clé de la sauvegarde. Parley ne la montre jamais à personne. Elle reste ici, chiffrée, pour que de nouvelles clés entrent dans la sauvegarde sans redemander. Ne signe ce texte que pour des programmes à qui tu confies tes messages.',
  'wallets.enableAgainTitle': 'Encore une fois, pour être sûr',
  'wallets.enableAgainWhy':
    'Le même texte encore une fois. Si les deux signatures sont égales, ce portefeuille peut ouvrir la sauvegarde quand tu en as besoin. Certains portefeuilles signent chaque fois autrement : mieux vaut le savoir maintenant.',
  'wallets.openTitle': 'Ouvrir ta sauvegarde',
  'wallets.openWhy':
    'Le nœud a une sauvegarde des clés que tu utilisais avant. Cette signature l’ouvre, et tes conversations reviennent. Rien de nouveau n’est fait.',
  'ways.newWallet': 'Nouveau portefeuille',
  'ways.parleyMakesOneWith': 'Parley en fait un, avec une phrase de récupération.',
  'ways.theWalletInThe': 'Le portefeuille de l’onglet de {host}',
  'ways.itsWindowAsksYou': 'Sa fenêtre te demande ; les clés restent dans le portefeuille.',
  'ways.aWalletInThis': 'Un portefeuille de ce navigateur',
  'ways.metamaskRabbyAndThe': 'MetaMask, Rabby et autres signent ; les clés restent dans le portefeuille.',
  'ways.with12To24Words': 'De 12 à 24 mots ; choisis le compte.',
  'ways.ofOneAccount': 'D’un compte.',
  'ways.aWalletApart': 'Un portefeuille à part',
  'ways.onPaperOnA': 'Sur papier, sur un téléphone, hors ligne : lis le texte là-bas, colle sa signature ici.',
  'ways.keysOfAnotherXmtp': 'Clés d’un autre programme XMTP',
  'ways.whatXmtpJsExports': 'Ce que xmtp-js exporte ou garde ; sans portefeuille.',
  'ways.whatDoYouHaveQuestion': 'Qu’as-tu ?',
  'ways.aBackupFileOf': 'Un fichier de sauvegarde de Parley',
  'ways.accountMessagesAndSettings': 'Compte, messages et paramètres tels qu’ils étaient.',
  'welcome.words': { one: '{count} mot', many: '{count} mots', other: '{count} mots' },
  'welcome.makingYourKeysBegin': 'Création de tes clés…',
  'writePhrase.theseWordsAreYour':
    'Ces mots sont ton compte. Sur papier, ils le ramènent sur n’importe quel appareil ; qui les a, c’est toi. Note-les dans leur ordre, à la main : les photos et notes d’un ordinateur se font copier.',
  'writePhrase.iHaveWrittenThem': 'Je les ai notés',
  'writePhrase.later': 'Plus tard',
  'writePhrase.laterIsFineParley':
    'Plus tard convient : Parley te le rappelle jusqu’à ce que ce soit fait, et les remontre contre ta phrase de passe.',
  'writePhrase.threeWordsToBe': 'Trois mots, pour être sûr',
  'writePhrase.fromYourPaperIf': 'De ton papier. Si l’un ne va pas, reviens et compare.',
  'writePhrase.word': 'Mot {count}',
  'writePhrase.wordIsAnotherOne': 'Le mot {count} est un autre.',
  'writePhrase.writeYourPhraseDown': 'Note ta phrase',
  'writePhrase.havePaperAndA':
    'Aie papier et stylo sous la main, et personne derrière toi. Sans la phrase, perdre ce navigateur, c’est perdre ce compte.',
  'pageWallet.thisPagesWallet': 'Le portefeuille de cette page',
} satisfies CatalogueLike<typeof english>;
