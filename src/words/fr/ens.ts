import type { ens as english } from '../en/ens.ts';
import type { CatalogueLike } from '../message.ts';

export const ens = {
  'ens.explain':
    'Avec un serveur RPC du réseau principal d’Ethereum, un nom comme <name>alice.eth</name> peut être tapé à la place d’une adresse. Le serveur apprend quels noms et adresses tu cherches, et quand ; utilise le tien, ou un en qui tu as confiance. Certains noms sont gardés par un serveur à eux, qui l’apprend aussi. Une fausse réponse te mènerait à quelqu’un d’autre : compare le numéro de sécurité.',
  'ens.begin': 'Indiquer un serveur…',
  'ens.off': 'Désactivé : personne n’est interrogé.',
  'ens.on': 'Interrogé : {server}',
  'ens.server': 'Adresse du serveur RPC',
  'ens.checking': 'Le serveur est interrogé…',
  'ens.use': 'Vérifier et utiliser',
  'ens.turnOff': 'Désactiver',
  'ens.unreachable': 'Le serveur n’a pas répondu. Vérifie son adresse, ou réessaie dans un instant.',
  'ens.gateway': 'Le serveur qui garde ce nom n’a pas répondu, ou n’est pas de ceux que Parley interroge. Réessaie dans un instant.',
  'ens.otherChain': 'Ce serveur n’est pas du réseau principal d’Ethereum, où sont les noms.',
  'ens.noName': 'Ce n’est pas un nom qui puisse être enregistré.',
  'ens.nobody': 'Ce nom ne correspond à aucune adresse.',
  'ens.asking': 'Recherche du nom…',
  'ens.isOff': 'Des noms comme celui-ci se cherchent une fois « Noms d’Ethereum » activé dans les paramètres.',
  'ens.standsFor': '{name} correspond maintenant à cette adresse.',
  'ens.lookUp': 'Chercher son nom',
  'ens.none': 'Aucun nom ne mène à cette adresse et retour.',
  'ens.found': 'Porte le nom {name}, qui ramène à cette adresse.',
  'ens.takeName': 'Utiliser comme nom',
} satisfies CatalogueLike<typeof english>;
