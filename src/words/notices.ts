import { notices as ar } from './ar/notices.ts';
import { notices as de } from './de/notices.ts';
import { notices as en } from './en/notices.ts';
import { notices as es } from './es/notices.ts';
import { notices as fr } from './fr/notices.ts';
import { type Language, type LanguageSetting, preferredHere, spokenFor } from './languages.ts';
import { type CatalogueLike, fill, type Message, type Value } from './message.ts';
import type { Say } from './says.ts';

/** Of the background, which is one script: it carries all of these few words. */
const catalogues: Record<Language, CatalogueLike<typeof en>> = { en, de, es, fr, ar };

/** Says notices in a language. */
export function noticesIn(setting: LanguageSetting, preferred: readonly string[] = preferredHere()): Say {
  const spoken = spokenFor(setting, preferred);
  const catalogue: Readonly<Record<keyof typeof en, Message>> = catalogues[spoken.language];
  return (key, ...values) => fill(catalogue[key], (values[0] ?? {}) as Readonly<Record<string, Value>>, spoken);
}
