import { common } from './common.ts';
import { ens } from './ens.ts';
import { inbox } from './inbox.ts';
import { parts } from './parts.ts';
import { prompts } from './prompts.ts';
import { refusals } from './refusals.ts';
import { settings } from './settings.ts';
import { sites } from './sites.ts';
import { transfer } from './transfer.ts';
import { welcome } from './welcome.ts';

/** What is said after the first look. */
export const rest = {
  ...common,
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
