import { notices as en } from './en/notices.ts';
import { type Language, type LanguageSetting, preferredHere, spokenFor } from './languages.ts';
import { type CatalogueLike, fill, type Message, type Value } from './message.ts';
import type { Say } from './says.ts';

/** Of the background, which is one script: it carries all of these few words. */
const catalogues: Partial<Record<Language, CatalogueLike<typeof en>>> = { en };

/** Says notices in a language. */
export function noticesIn(setting: LanguageSetting, preferred: readonly string[] = preferredHere()): Say {
  const spoken = spokenFor(setting, preferred);
  const catalogue: Readonly<Record<string, Message>> = catalogues[spoken.language] ?? en;
  return (key, ...values) => fill(catalogue[key] ?? en[key], (values[0] ?? {}) as Readonly<Record<string, Value>>, spoken);
}
