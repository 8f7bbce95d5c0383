import { told as messages } from '../words/en/told.ts';
import { t } from './t.tsx';

/**
 * The background's own words, which are English because pages of others read them too, in the language that is spoken here. What is not among the known
 * sentences stays as it is.
 */
export function told(sentence: string): string {
  patterns ??= Object.entries(messages).map(([key, text]) => [key as keyof typeof messages, patternOf(text)] as const);
  for (const [key, pattern] of patterns) {
    const found = pattern.exec(sentence);
    if (found) return t(key, (found.groups ?? {}) as never);
  }
  return sentence;
}

let patterns: (readonly [keyof typeof messages, RegExp])[] | undefined;

const patternOf = (text: string): RegExp =>
  new RegExp(
    `^${text
      .split(/\{(\w+)\}/)
      .map((piece, index) => (index % 2 === 0 ? piece.replace(/[.*+?^${}()|[\]\\]/g, '\\$&') : `(?<${piece}>.+)`))
      .join('')}$`,
  );
