import type { notices } from './en/notices.ts';
import type { Values } from './message.ts';

/** What a message is that is no text, as data: words are made of it where it is shown, in the language of that place. */
export type Says =
  | { readonly kind: 'picture' | 'file'; readonly name: string }
  /** `to`: the message that it hangs on, in words, where that is here. */
  | { readonly kind: 'reaction'; readonly sign: string; readonly to: string | null }
  | { readonly kind: 'group'; readonly title: string; readonly members: number }
  /** Those without whom it goes on, by their addresses in short; nobody: it is over. */
  | { readonly kind: 'group-closed'; readonly without: readonly string[] }
  | { readonly kind: 'left' }
  | { readonly kind: 'unknown' };

type Notices = typeof notices;
/** Says a message of the catalogue that background and pages share. */
export type Say = <K extends keyof Notices>(key: K, ...values: Values<Notices[K]>) => string;

/** In words. `mine`: I did it. */
export function saidIn(say: Say, says: Says, mine = false): string {
  switch (says.kind) {
    case 'picture':
    case 'file':
      return say(`says.${says.kind}`, { name: says.name });
    case 'reaction': {
      const { sign, to } = says;
      if (to === null) return say(mine ? 'says.youReactedToSome' : 'says.reactedToSome', { sign });
      return say(mine ? 'says.youReacted' : 'says.reacted', { sign, text: to });
    }
    case 'group': {
      const { title, members } = says;
      return title === '' ? say('says.groupHas', { count: members }) : say('says.groupNamedHas', { title, count: members });
    }
    case 'group-closed':
      return says.without.length === 0 ? say('says.groupClosed') : say('says.groupGoesOn', { names: says.without.join(', ') });
    case 'left':
      return say('says.left');
    case 'unknown':
      return say('says.unknown');
  }
}
