/** What travels over a port between a page or a popup and the background: plain JSON. */

export interface Request {
  readonly id: number;
  readonly method: string;
  readonly params?: unknown;
}

export interface WireError {
  readonly code: number;
  readonly message: string;
  readonly data?: Record<string, unknown>;
}

export type Reply = { readonly id: number; readonly result: unknown } | { readonly id: number; readonly error: WireError };

export interface Event {
  readonly event: string;
  readonly payload: unknown;
}

/** The part of a browser's port that is used. */
export interface Port {
  readonly name: string;
  postMessage(message: unknown): void;
  disconnect(): void;
  readonly onMessage: { addListener(listener: (message: unknown) => void): void };
  readonly onDisconnect: { addListener(listener: () => void): void };
}

export const portNames = { own: 'own', page: 'page' } as const;

export function isRequest(value: unknown): value is Request {
  if (typeof value !== 'object' || value === null) return false;
  const { id, method } = value as Partial<Request>;
  return Number.isSafeInteger(id) && typeof method === 'string' && method.length <= 128;
}

export function isReply(value: unknown): value is Reply {
  if (typeof value !== 'object' || value === null || !Number.isSafeInteger((value as { id?: unknown }).id)) return false;
  return 'result' in value || isWireError((value as { error?: unknown }).error);
}

export function isEvent(value: unknown): value is Event {
  return typeof value === 'object' && value !== null && typeof (value as { event?: unknown }).event === 'string';
}

const isWireError = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && typeof (value as { code?: unknown }).code === 'number';

/** The name in the local area by which a page asks the next start to repair the databases: a background that cannot read them cannot be asked. */
export const repairAsked = 'repair';
