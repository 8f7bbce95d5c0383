/** The languages that Parley speaks, by their BCP 47 names. */
export const languages = ['en', 'de', 'es', 'fr', 'ar'] as const;

export type Language = (typeof languages)[number];

/** What was chosen: one of them, or whichever the browser has. */
export type LanguageSetting = Language | 'browser';

/** Each under the name that its own readers know it by: this is the one text that is the same in every language. */
export const ownNames: Readonly<Record<Language, string>> = {
  en: 'English',
  de: 'Deutsch',
  es: 'Español',
  fr: 'Français',
  ar: 'العربية',
};

/** What is spoken, and how: the locale says how dates, numbers and lists are written, in the region that the browser names where it names one. */
export interface Spoken {
  readonly language: Language;
  readonly locale: string;
}

/** Chooses among our languages, given those that the browser's owner reads, the best first. */
export function spokenFor(setting: LanguageSetting, preferred: readonly string[]): Spoken {
  const language = setting === 'browser' ? (preferred.map(baseOf).find(isOurs) ?? 'en') : setting;
  return { language, locale: preferred.find((each) => baseOf(each) === language && isLocale(each)) ?? language };
}

/** What the browser says that its owner reads; nothing where nobody says. */
export const preferredHere = (): readonly string[] => (typeof navigator === 'undefined' ? [] : (navigator.languages ?? []));

export const directionOf = (language: Language): 'ltr' | 'rtl' => (language === 'ar' ? 'rtl' : 'ltr');

export const isLanguageSetting = (value: unknown): value is LanguageSetting => value === 'browser' || languages.includes(value as Language);

const baseOf = (tag: string): string => tag.toLowerCase().split('-')[0] ?? '';
const isOurs = (base: string): base is Language => languages.includes(base as Language);

function isLocale(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length === 1;
  } catch {
    return false;
  }
}
