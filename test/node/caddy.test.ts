import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sample, testBehind } from './proxy-suite.ts';

testBehind({
  name: 'caddy',
  version: ['version'],
  holdsHeaders: false,
  start(folder, port, node) {
    const at = (name: string): string => join(folder, name);
    // As it is documented: only its places are others, and the certificate is ours.
    const site = sample('Caddyfile')
      .replaceAll('127.0.0.1:5555', node)
      .replace('node.example {', `https://127.0.0.1:${port} {\n\tbind 127.0.0.1\n\ttls ${at('cert.pem')} ${at('key.pem')}`);
    writeFileSync(at('Caddyfile'), site.replace('\tgrace_period 10s', '\tgrace_period 100ms\n\tadmin off\n\tauto_https disable_redirects'));
    const log = openSync(at('log'), 'a');
    const places = { ...process.env, HOME: folder, XDG_DATA_HOME: at('caddy-data'), XDG_CONFIG_HOME: at('caddy-config') };
    const caddy = spawn('caddy', ['run', '--config', at('Caddyfile'), '--adapter', 'caddyfile'], {
      stdio: ['ignore', log, log],
      env: places,
    });
    closeSync(log);
    return caddy;
  },
  errors: (folder) => readFileSync(join(folder, 'log'), 'utf8'),
});
