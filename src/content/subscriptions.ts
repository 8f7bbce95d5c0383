/** A subscription of the page, and how far it has heard. */
interface Subscription {
  readonly kind: unknown;
  readonly conversation: unknown;
  cursor: number;
}

/** What the background says of one: where it begins, an event behind a cursor, or its end. */
interface StreamNews {
  readonly subscription: string;
  readonly cursor?: number;
  readonly kind?: unknown;
  readonly conversation?: unknown;
  readonly event?: string;
  readonly payload?: unknown;
  readonly ended?: true;
}

/**
 * The page's subscriptions. The background comes and goes; what it has to know to go on with them is kept here, and handed to each of its lives. An event is
 * told once: the cursor that came with it is what the next life begins behind.
 */
export function createSubscriptions(emit: (event: string, payload: unknown) => void) {
  const held = new Map<string, Subscription>();
  /** Opened by the background, and not answered yet: the page does not know of them. */
  const opening = new Map<string, Subscription>();

  return {
    hear({ subscription, cursor, kind, conversation, event, payload, ended }: StreamNews): void {
      if (ended) held.delete(subscription);
      else if (cursor === undefined) return;
      else if (event === undefined) opening.set(subscription, { kind, conversation, cursor });
      else {
        const known = held.get(subscription) ?? opening.get(subscription);
        if (!known || cursor <= known.cursor) return;
        known.cursor = cursor;
        emit(event, payload);
      }
    },
    /** The page has got this answer. */
    answered(result: unknown): void {
      const opened = typeof result === 'string' && opening.get(result);
      if (!opened) return;
      opening.delete(result);
      held.set(result, opened);
    },
    /** The page wants no more of it. */
    drop(subscription: unknown): void {
      if (typeof subscription === 'string') held.delete(subscription);
    },
    /** The background is gone: what it had not answered yet has never been. */
    broken(): void {
      opening.clear();
    },
    /** What the next life is to go on with. */
    all: () => Array.from(held, ([subscription, each]) => ({ subscription, ...each })),
  };
}
