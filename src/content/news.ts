/** What a site may see: its accounts and its permissions. */
const events: readonly (readonly [member: string, event: string])[] = [
  ['accounts', 'accountsChanged'],
  ['permissions', 'permissionsChanged'],
];

/**
 * Makes the page's events. The background sends the whole state, at the beginning of every port and at every change; here it is compared with what
 * the page knew last, so that a background that slept or died loses no event, and none comes twice.
 */
export function createNews(emit: (event: string, payload: unknown) => void): { hear(event: string, payload: unknown): void } {
  const known = new Map<string, string>();
  return {
    hear(event, payload) {
      if (event !== 'state') return emit(event, payload);
      for (const [member, name] of events) {
        const value = (payload as Record<string, unknown> | null)?.[member];
        const text = JSON.stringify(value);
        const before = known.get(name);
        known.set(name, text);
        if (before !== undefined && before !== text) emit(name, value);
      }
    },
  };
}
