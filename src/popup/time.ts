import { locale as spokenLocale, t } from './t.tsx';

const minute = 60_000;
const day = 24 * 60 * minute;

/** For lists: now, 4 min, 14:20, Tue, 3 Nov, 3 Nov 2025. */
export function shortTime(time: number, now: number, locale = spokenLocale()): string {
  const passed = now - time;
  if (passed < minute) return t('time.now');
  if (passed < 60 * minute) return inMinutes(Math.floor(passed / minute), locale);
  if (sameDay(time, now)) return clockTime(time, locale);
  if (passed < 6 * day) return format(time, { weekday: 'short' }, locale);
  return format(time, { day: 'numeric', month: 'short', ...(!sameYear(time, now) && { year: 'numeric' }) }, locale);
}

/** 14:20. */
export const clockTime = (time: number, locale = spokenLocale()): string => format(time, { hour: 'numeric', minute: '2-digit' }, locale);

/** The whole date, for what is read at any time. */
export const fullDay = (time: number, locale = spokenLocale()): string => format(time, { dateStyle: 'full' }, locale);

/** 3 Nov 2025, of a day written as 2025-11-03. */
export const dateOf = (day: string, locale = spokenLocale()): string =>
  format(new Date(`${day}T12:00`).getTime(), { dateStyle: 'medium' }, locale);

/** 3 Nov 2025, 14:20. */
export const longTime = (time: number, locale = spokenLocale()): string =>
  format(time, { dateStyle: 'medium', timeStyle: 'short' }, locale);

/** Everything, for who points at a time. */
export const fullTime = (time: number, locale = spokenLocale()): string => format(time, { dateStyle: 'full', timeStyle: 'medium' }, locale);

/** Over the messages of a day: Today, Yesterday, Tuesday, 3 November 2025. */
export function dayName(time: number, now: number, locale = spokenLocale()): string {
  const days = Math.round((startOfDay(now) - startOfDay(time)) / day);
  if (days === 0 || days === 1) return capital(new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }).format(-days, 'day'), locale);
  if (days > 0 && days < 6) return format(time, { weekday: 'long' }, locale);
  return format(time, { day: 'numeric', month: 'long', ...(!sameYear(time, now) && { year: 'numeric' }) }, locale);
}

/** 5 min. */
export const inMinutes = (minutes: number, locale = spokenLocale()): string =>
  new Intl.NumberFormat(locale, { style: 'unit', unit: 'minute', unitDisplay: 'short' }).format(minutes);

export const oneYear = (locale = spokenLocale()): string =>
  new Intl.NumberFormat(locale, { style: 'unit', unit: 'year', unitDisplay: 'long' }).format(1);

/** 90 minutes, 24 hours, 7 days: in the largest unit that it is a whole number of. */
export function duration(seconds: number, locale = spokenLocale()): string {
  const units = [
    ['day', 86_400],
    ['hour', 3_600],
    ['minute', 60],
    ['second', 1],
  ] as const;
  const [unit, size] = units.find(([, each]) => seconds % each === 0 && (each < 86_400 || seconds > 86_400)) ?? (['second', 1] as const);
  return new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' }).format(seconds / size);
}

export const sameDay = (a: number, b: number): boolean => startOfDay(a) === startOfDay(b);

const sameYear = (a: number, b: number): boolean => new Date(a).getFullYear() === new Date(b).getFullYear();
export const startOfDay = (time: number): number => new Date(time).setHours(0, 0, 0, 0);
const format = (time: number, options: Intl.DateTimeFormatOptions, locale = spokenLocale()): string =>
  formatOf(locale, options).format(time);

/** To make one costs more than to write a thousand times with it; a page needs a few, and others once it is carried into another time zone. */
const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const name = `${locale} ${new Date().getTimezoneOffset()} ${JSON.stringify(options)}`;
  const made = formats.get(name) ?? new Intl.DateTimeFormat(locale, options);
  formats.set(name, made);
  return made;
}

const capital = (text: string, locale: string): string => text.slice(0, 1).toLocaleUpperCase(locale) + text.slice(1);
