import { allWords, t } from './t.tsx';

/** What went wrong, what it means, what to do. The words for it come when something goes wrong for the first time. */
export async function explained(error: unknown): Promise<string> {
  try {
    const [{ explain }] = await Promise.all([import('./explain.ts'), allWords()]);
    return explain(error);
  } catch (unread) {
    console.warn('a part of the page could not be read', unread);
    return t('errors.fault');
  }
}
