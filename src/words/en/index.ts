import { common } from './common.ts';
import { ens } from './ens.ts';
import { inbox } from './inbox.ts';
import { notices } from './notices.ts';
import { parts } from './parts.ts';
import { prompts } from './prompts.ts';
import { refusals } from './refusals.ts';
import { settings } from './settings.ts';
import { sites } from './sites.ts';
import { transfer } from './transfer.ts';
import { welcome } from './welcome.ts';

/** Every word that a person sees in the extension's pages; the other languages have the same keys. */
export const en = {
  ...common,
  ...notices,
  ...refusals,
  ...parts,
  ...inbox,
  ...settings,
  ...sites,
  ...prompts,
  ...ens,
  ...transfer,
  ...welcome,
} as const;

export type Key = keyof typeof en;
