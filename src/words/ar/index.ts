import type { en } from '../en/index.ts';
import type { CatalogueLike } from '../message.ts';
import { first } from './first.ts';
import { rest } from './rest.ts';

export const ar: CatalogueLike<typeof en> = { ...first, ...rest };
