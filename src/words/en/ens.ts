import type { Message } from '../message.ts';

/** Names of Ethereum (ENS). */
export const ens = {
  'ens.explain':
    'With an RPC server of Ethereum’s main network, a name such as <name>alice.eth</name> can be typed in place of an address. The server learns which names and addresses you look up, and when; use your own, or one that you trust. Some names are kept by a server of their own, which learns it too. A wrong answer would lead you to somebody else: compare the safety number.',
  'ens.begin': 'Name a server…',
  'ens.off': 'Off: nobody is asked.',
  'ens.on': 'Asked: {server}',
  'ens.server': 'Address of the RPC server',
  'ens.checking': 'Asking the server…',
  'ens.use': 'Check and use',
  'ens.turnOff': 'Turn off',
  'ens.unreachable': 'The server did not answer. Check its address, or try again in a moment.',
  'ens.gateway': 'The server that keeps this name did not answer, or is none that Parley asks. Try again in a moment.',
  'ens.otherChain': 'This server is not of Ethereum’s main network, where the names are.',
  'ens.noName': 'This is no name that can be registered.',
  'ens.nobody': 'This name stands for no address.',
  'ens.asking': 'Looking the name up…',
  'ens.isOff': 'Names like this one can be looked up once “Names of Ethereum” is turned on in the settings.',
  'ens.standsFor': '{name} stands for this address now.',
  'ens.lookUp': 'Look its name up',
  'ens.none': 'No name leads to this address and back.',
  'ens.found': 'Goes by {name}, which leads back to this address.',
  'ens.takeName': 'Use as name',
} as const satisfies Record<string, Message>;
