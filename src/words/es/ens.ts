import type { ens as english } from '../en/ens.ts';
import type { CatalogueLike } from '../message.ts';

export const ens = {
  'ens.explain':
    'Con un servidor RPC de la red principal de Ethereum se puede escribir un nombre como <name>alice.eth</name> en lugar de una dirección. El servidor sabe qué nombres y direcciones buscas, y cuándo; usa el tuyo, o uno en el que confíes. Algunos nombres están en un servidor propio, que también lo sabrá. Una respuesta falsa te llevaría a otra persona: compara el número de seguridad.',
  'ens.begin': 'Indicar un servidor…',
  'ens.off': 'Apagado: no se pregunta a nadie.',
  'ens.on': 'Se pregunta a {server}',
  'ens.server': 'Dirección del servidor RPC',
  'ens.checking': 'Preguntando al servidor…',
  'ens.use': 'Comprobar y usar',
  'ens.turnOff': 'Apagar',
  'ens.unreachable': 'El servidor no respondió. Revisa su dirección, o prueba dentro de un momento.',
  'ens.gateway': 'El servidor que guarda este nombre no respondió, o no es de los que Parley consulta. Vuelve a intentarlo en un momento.',
  'ens.otherChain': 'Este servidor no es de la red principal de Ethereum, donde están los nombres.',
  'ens.noName': 'Este no es un nombre que se pueda registrar.',
  'ens.nobody': 'Este nombre no corresponde a ninguna dirección.',
  'ens.asking': 'Buscando el nombre…',
  'ens.isOff': 'Nombres como este se pueden buscar cuando «Nombres de Ethereum» está encendido en los ajustes.',
  'ens.standsFor': '{name} corresponde ahora a esta dirección.',
  'ens.lookUp': 'Buscar su nombre',
  'ens.none': 'Ningún nombre lleva a esta dirección y de vuelta.',
  'ens.found': 'Se llama {name}, que lleva de vuelta a esta dirección.',
  'ens.takeName': 'Usar como nombre',
} satisfies CatalogueLike<typeof english>;
