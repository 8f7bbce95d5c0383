import type { ens as english } from '../en/ens.ts';
import type { CatalogueLike } from '../message.ts';

export const ens = {
  'ens.explain':
    'Mit einem RPC-Server des Hauptnetzes von Ethereum kann ein Name wie <name>alice.eth</name> anstelle einer Adresse eingegeben werden. Der Server erfährt, welche Namen und Adressen du nachschlägst und wann; nimm deinen eigenen, oder einen, dem du vertraust. Manche Namen liegen bei einem eigenen Server, der es dann auch erfährt. Eine falsche Antwort würde dich zu jemand anderem führen: Vergleiche die Sicherheitsnummer.',
  'ens.begin': 'Server nennen…',
  'ens.off': 'Aus: Niemand wird gefragt.',
  'ens.on': 'Gefragt wird {server}',
  'ens.server': 'Adresse des RPC-Servers',
  'ens.checking': 'Der Server wird gefragt…',
  'ens.use': 'Prüfen und benutzen',
  'ens.turnOff': 'Ausschalten',
  'ens.unreachable': 'Der Server hat nicht geantwortet. Prüfe seine Adresse, oder versuche es gleich noch einmal.',
  'ens.gateway':
    'Der Server, bei dem dieser Name liegt, hat nicht geantwortet, oder Parley fragt ihn nicht. Versuche es gleich noch einmal.',
  'ens.otherChain': 'Dieser Server gehört nicht zum Hauptnetz von Ethereum, in dem die Namen sind.',
  'ens.noName': 'Das ist kein Name, der sich registrieren lässt.',
  'ens.nobody': 'Dieser Name steht für keine Adresse.',
  'ens.asking': 'Der Name wird nachgeschlagen…',
  'ens.isOff': 'Namen wie dieser lassen sich nachschlagen, sobald „Namen von Ethereum“ in den Einstellungen an ist.',
  'ens.standsFor': '{name} steht jetzt für diese Adresse.',
  'ens.lookUp': 'Namen nachschlagen',
  'ens.none': 'Kein Name führt zu dieser Adresse und zurück.',
  'ens.found': 'Heißt {name}; der Name führt zu dieser Adresse zurück.',
  'ens.takeName': 'Als Namen benutzen',
} satisfies CatalogueLike<typeof english>;
