/** What went wrong with a name: it is none, the server did not answer, the one that keeps the name did not, or what answers is not of Ethereum's main network. */
export type EnsFault = 'no-name' | 'unreachable' | 'gateway' | 'other-chain';

export class EnsError extends Error {
  readonly fault: EnsFault;

  constructor(fault: EnsFault, options?: { readonly cause?: unknown }) {
    super(fault, options);
    this.name = 'EnsError';
    this.fault = fault;
  }
}
