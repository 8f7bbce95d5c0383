import { refusals } from './en/refusals.ts';
import { spokenFor } from './languages.ts';
import { fill, type Value, type Values } from './message.ts';

type Refusals = typeof refusals;

/** Why something is refused, as data: the extension's pages make words of it in the language of whoever reads them. */
export interface Why {
  readonly key: keyof Refusals;
  readonly values: Readonly<Record<string, Value>>;
}

export const why = <K extends keyof Refusals>(key: K, ...values: Values<Refusals[K]>): Why => ({ key, values: values[0] ?? {} });

/** In English, for who gets to see the error itself: a log, or a page of somebody else. */
export const inEnglish = ({ key, values }: Why): string => fill(refusals[key], values, spokenFor('en', []));
