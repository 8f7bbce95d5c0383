export type LogForm = 'silent' | 'text' | 'json';

/** Events and counts for the operator; callers shorten topics and addresses and never pass content, keys or tokens. */
export interface Log {
  info(event: string, details?: Details): void;
  warn(event: string, details?: Details): void;
  /** `cause` is written with its stack. */
  error(event: string, cause?: unknown): void;
}

export type Details = Readonly<Record<string, string | number | boolean>>;

/** Lines for people or for machines; warnings and errors go to standard error. */
export function createLog(form: LogForm): Log {
  const write = (level: 'info' | 'warn' | 'error', event: string, details: Details = {}): void => {
    if (form === 'silent') return;
    const time = new Date().toISOString();
    const line =
      form === 'json'
        ? JSON.stringify({ time, level, event, ...details })
        : [
            time,
            ...(level === 'info' ? [] : [`${level}:`]),
            event,
            ...Object.entries(details).map(([name, value]) => `${name}=${shown(value)}`),
          ].join(' ');
    (level === 'info' ? process.stdout : process.stderr).write(`${line}\n`);
  };
  return {
    info: (event, details) => write('info', event, details),
    warn: (event, details) => write('warn', event, details),
    error: (event, cause) => write('error', event, cause === undefined ? {} : { cause: describe(cause) }),
  };
}

/** Enough of an address to recognise it. */
export const shortAddress = (address: string): string => `${address.slice(0, 6)}…${address.slice(-4)}`;

function describe(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return cause.cause === undefined ? (cause.stack ?? cause.message) : `${cause.stack ?? cause.message}\ncaused by ${describe(cause.cause)}`;
}

const shown = (value: string | number | boolean): string =>
  typeof value === 'string' && /[\s"=]/.test(value) ? JSON.stringify(value) : String(value);
