import type { Address } from './address.ts';
import { notificationKey } from './message.ts';

/** A key by which a push service knows its client's own messages of one period (SPEC 8.3). */
export interface NotificationKey {
  /** Periods of 30 days since 1970. */
  readonly period: number;
  /** 32 bytes. */
  readonly key: Uint8Array;
}

/** Milliseconds of a period. */
export const notificationPeriodMs = 30 * 24 * 3_600_000;

/**
 * My keys for the periods before, at and after a time, of each conversation named; an empty list, or none, names them all (SPEC 16.2).
 * Topics that are no conversation of mine are left out.
 */
export async function notificationKeys(
  /** Key material of 32 bytes by topic. */
  conversations: ReadonlyMap<string, Uint8Array>,
  own: Address,
  nowMs: number,
  topics: readonly string[] = [],
): Promise<Map<string, NotificationKey[]>> {
  const period = Math.floor(nowMs / notificationPeriodMs);
  const chosen = topics.length > 0 ? new Set(topics) : conversations.keys();
  const keys = new Map<string, NotificationKey[]>();
  for (const topic of chosen) {
    const keyMaterial = conversations.get(topic);
    if (!keyMaterial) continue;
    const ofTopic = [period - 1, period, period + 1].map(async (n) => ({
      period: n,
      key: await notificationKey(keyMaterial, own, n * notificationPeriodMs),
    }));
    keys.set(topic, await Promise.all(ofTopic));
  }
  return keys;
}
