/** One setting of the node. */
export interface Setting {
  /** As a flag: `--port`; in the environment: `PARLEY_PORT`. */
  readonly flag: string;
  readonly value: string;
  readonly fallback: string;
  readonly about: string;
  /** Answers what is expected instead, or null. */
  fault(text: string): string | null;
}

export const wholeNumber = (min: number, max: number) => (text: string) =>
  /^\d{1,9}$/.test(text) && Number(text) >= min && Number(text) <= max ? null : `a whole number from ${min} to ${max}`;
export const largeNumber = (text: string) => (/^\d{1,15}$/.test(text) ? null : 'a whole number of bytes');
export const oneOf =
  (...values: string[]) =>
  (text: string) =>
    values.includes(text) ? null : values.join(' or ');
export const anyText = (text: string) => (text.length > 0 ? null : 'some text');

/** A list as it is written in a setting: separated by commas. */
export const listOf = (text: string): string[] =>
  text
    .split(',')
    .map((each) => each.trim())
    .filter(Boolean);
