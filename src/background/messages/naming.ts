import { parseAddress } from '../../protocol/address.ts';
import type { NamesService } from '../services.ts';
import type { Sessions } from '../sessions.ts';

interface Deps {
  readonly sessions: Pick<Sessions, 'current'>;
  readonly changed: () => void;
}

/** The names of the account in front, for the extension's own pages. */
export const createNaming = ({ sessions, changed }: Deps): NamesService => ({
  async all() {
    const { names } = sessions.current();
    await names.load();
    return Object.fromEntries(names.all());
  },
  async put(peer, name) {
    await sessions.current().names.put(parseAddress(peer), name);
    changed();
  },
});
