/** Marks that turn, hide or only pretend to be text, shown as what they are: what is drawn is what was written. */
export const visible = (text: string): string => text.replace(hidden, (mark) => `[U+${codeOf(mark)}]`);

const codeOf = (mark: string): string => (mark.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');

/**
 * Bidirectional controls, characters without width, and tags outside of flags. Joiners hide nothing between emoji or in the scripts that need them, so only
 * those next to Latin letters and digits are shown.
 */
const hidden =
  /[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\u00ad\u180e\u200b\u2060-\u2064\ufeff]|(?<=[\p{Script=Latin}\p{Nd}])[\u200c\u200d]|[\u200c\u200d](?=[\p{Script=Latin}\p{Nd}])|(?<!\u{1f3f4}[\u{e0020}-\u{e007e}]*)[\u{e0000}-\u{e007f}]/gu;

/** The same for lists, where a few hundred characters say enough and a line stays a line. */
export const visibleLine = (text: string): string => visible(text.slice(0, 300).replace(/\s+/g, ' '));

/** Characters of a message that are drawn before somebody asks for the rest. */
export const longestShown = 65_536;

/** A piece of a text; with `href` it is a link. */
export interface Piece {
  readonly text: string;
  readonly href?: string;
  readonly host?: string;
}

/** A text as it may be drawn, with the links in it: http and https alone, each showing where it leads. */
export const pieces = (text: string): Piece[] =>
  visible(text)
    .split(/(https?:\/\/[^\s<>"'`{}|\\^]+)/gi)
    .map((part, index) => {
      const url = index % 2 === 1 ? parseUrl(part) : null;
      if (!url) return { text: part };
      // A host that hides behind look-alike letters shows its plain name.
      const asWritten = part.slice(part.indexOf('//') + 2).toLowerCase();
      return { text: asWritten.startsWith(url.host) ? part : url.href, href: url.href, host: url.host };
    });

function parseUrl(text: string): URL | null {
  try {
    const url = new URL(text);
    // What stands before an @ looks like a host and is none.
    return (url.protocol === 'https:' || url.protocol === 'http:') && url.username === '' && url.password === '' ? url : null;
  } catch {
    return null;
  }
}
