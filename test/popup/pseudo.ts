import { en } from '../../src/words/en/index.ts';
import type { Message } from '../../src/words/message.ts';

/**
 * A language that nobody speaks: English in letters that no text of the code has, written from right to left. Whatever still has plain letters did not come
 * from a catalogue. The locale is Arabic, so that dates and numbers have none either.
 */
const from = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
const to = [...'ȧƀƈḓḗƒɠħīĵķŀḿƞǿƥɋřşŧŭṽẇẋẏžȦƁƇḒḖƑƓĦĪĴĶĿḾȠǾƤɊŘŞŦŬṼẆẊẎŽ'];

const strange = (text: string): string =>
  text
    .split(/(\{\w+\}|<\/?\w+>)/)
    .map((piece, index) => (index % 2 === 1 ? piece : piece.replace(/[a-z]/gi, (letter) => to[from.indexOf(letter)] ?? letter)))
    .join('');

const forms = ['zero', 'one', 'two', 'few', 'many', 'other'] as const;

const words = Object.fromEntries(
  Object.entries(en as Readonly<Record<string, Message>>).map(([key, message]) => [
    key,
    typeof message === 'string' ? strange(message) : Object.fromEntries(forms.map((form) => [form, strange(message.other)])),
  ]),
);

export { words as first, words as rest };
