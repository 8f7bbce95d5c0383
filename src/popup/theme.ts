import type { Theme } from '../rpc/views/account.ts';

const key = 'theme';
const moreContrast = matchMedia('(prefers-contrast: more)');

/** Wears a theme, and remembers it so that the next page opens in it before the background has said anything. */
export function showTheme(theme: Theme): void {
  document.documentElement.dataset['theme'] = theme === 'system' && moreContrast.matches ? 'contrast' : theme;
  try {
    localStorage.setItem(key, theme);
  } catch {
    // Storage is off: the page just begins in the system's colours.
  }
}

/** Wears the theme of last time. */
export function showLastTheme(): void {
  try {
    const theme = localStorage.getItem(key);
    if (theme === 'light' || theme === 'dark' || theme === 'contrast' || theme === 'system') showTheme(theme);
  } catch {
    // As above.
  }
}
