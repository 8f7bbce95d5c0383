/** Marks that turn or hide text, shown as what they are: what is drawn is what was written. */
export const visible = (text: string): string =>
  text.replace(
    /[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]/g,
    (mark) => `[U+${mark.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}]`,
  );

/** The same for lists, where a few hundred characters say enough and a line stays a line. */
export const visibleLine = (text: string): string => visible(text.slice(0, 300).replace(/\s+/g, ' '));
