import type { Parser } from '../parse.ts';
import type { OwnCaller, PageCaller } from './caller.ts';

/** One entry of a method table: who may call it, how its parameters are parsed, what it does. */
export interface Method<Services, Params, Result, Who extends 'own' | 'page'> {
  readonly access: Who;
  readonly params: Parser<Params>;
  readonly run: (params: Params, services: Services, caller: Who extends 'own' ? OwnCaller : PageCaller) => Promise<Result>;
}

/** Entries of every kind, to be looked up by name: what one takes is checked by its own parser before it runs. */
export type MethodTable<Services> = Record<
  string,
  {
    readonly access: 'own' | 'page';
    readonly params: Parser<unknown>;
    readonly run: (params: never, services: Services, caller: never) => Promise<unknown>;
  }
>;

/** The two ways to write an entry: `own` for the extension's own pages alone, `page` for any web page that the browser vouches for. */
export const entriesFor = <Services>() => ({
  own: <P, R>(params: Parser<P>, run: Method<Services, P, R, 'own'>['run']): Method<Services, P, R, 'own'> => ({
    access: 'own',
    params,
    run,
  }),
  page: <P, R>(params: Parser<P>, run: Method<Services, P, R, 'page'>['run']): Method<Services, P, R, 'page'> => ({
    access: 'page',
    params,
    run,
  }),
});

type Call<M> = M extends Method<never, infer P, infer R, 'own' | 'page'> ? (params: P) => Promise<R> : never;

/** What the extension's own pages can call: `call('sendMessage', { … })`. */
export type OwnMethods<Table> = {
  [K in keyof Table as Table[K] extends { readonly access: 'own' } ? K : never]: Call<Table[K]>;
};
