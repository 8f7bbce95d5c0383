import type { en } from '../en/index.ts';
import type { CatalogueLike } from '../message.ts';
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

export const fr: CatalogueLike<typeof en> = {
  ...common,
  ...notices,
  ...refusals,
  ...parts,
  ...inbox,
  ...prompts,
  ...settings,
  ...welcome,
  ...transfer,
  ...ens,
  ...sites,
};
