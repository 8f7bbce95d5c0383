/** Where a test lets the background die: awaited after each step that a death may follow. The product has none. */
export type Failpoint = (name: string) => Promise<void>;

export const noFailpoint: Failpoint = () => Promise.resolve();
