import { get } from 'node:http';
import { get as getSecurely } from 'node:https';
import type { NodeConfig } from './config.ts';

const patienceMs = 3_000;

/** A node that does not answer, or says that it is not ready. */
export class HealthError extends Error {
  override readonly name = 'HealthError';
}

/** Asks the node of this configuration, on this machine, whether it is ready: for whoever watches it from beside it. @throws HealthError */
export function askHealth({ host, port, tls }: Pick<NodeConfig, 'host' | 'port' | 'tls'>): Promise<string> {
  const options = { host: reachable(host), port, path: '/readyz', timeout: patienceMs };
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => reject(new HealthError(`The node at ${options.host}, port ${port}, ${why}.`));
    // The certificate names the world's name for this node, not this address; what is asked here is whether it answers.
    const request = tls ? getSecurely({ ...options, rejectUnauthorized: false }) : get(options);
    request.on('response', (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (piece: string) => {
        body = (body + piece).slice(0, 500);
      });
      response.on('end', () => {
        if (response.statusCode === 200) resolve('Ready.');
        else fail(`answers ${response.statusCode}: ${body.trim()}`);
      });
      response.on('error', (error) => fail(`does not answer: ${error.message}`));
    });
    request.on('timeout', () => request.destroy(new Error(`nothing came for ${patienceMs / 1000} s`)));
    request.on('error', (error) => fail(`does not answer: ${error.message}`));
  });
}

/** The address under which one that listens everywhere is found from here. */
export const reachable = (host: string): string => (host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host);
