import type { rest as english } from '../en/rest.ts';
import type { CatalogueLike } from '../message.ts';
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
} satisfies CatalogueLike<typeof english>;
