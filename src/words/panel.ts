import { panel as ar } from './ar/panel.ts';
import { panel as de } from './de/panel.ts';
import { panel as en } from './en/panel.ts';
import { panel as es } from './es/panel.ts';
import { panel as fr } from './fr/panel.ts';
import { type Language, type LanguageSetting, preferredHere, type Spoken, spokenFor } from './languages.ts';
import { type CatalogueLike, fill, type Message, type Value, type Values } from './message.ts';

type Panel = typeof en;
export type PanelKey = keyof Panel;

/** Of the panel in the developer tools, which is one script: it carries all of these few words. */
export const panelCatalogues: Record<Language, CatalogueLike<Panel>> = { en, de, es, fr, ar };

export interface PanelWords {
  readonly spoken: Spoken;
  readonly say: <K extends PanelKey>(key: K, ...values: Values<Panel[K]>) => string;
}

/** Says what the panel says in a language. */
export function panelIn(setting: LanguageSetting, preferred: readonly string[] = preferredHere()): PanelWords {
  const spoken = spokenFor(setting, preferred);
  const catalogue: Readonly<Record<PanelKey, Message>> = panelCatalogues[spoken.language];
  return { spoken, say: (key, ...values) => fill(catalogue[key], (values[0] ?? {}) as Readonly<Record<string, Value>>, spoken) };
}
