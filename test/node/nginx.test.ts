import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sample, testBehind } from './proxy-suite.ts';

testBehind({
  name: 'nginx',
  version: ['-v'],
  holdsHeaders: true,
  start(folder, port, node) {
    const at = (name: string): string => join(folder, name);
    // As it is documented: only its places are others.
    const site = sample('nginx.conf')
      .replaceAll('127.0.0.1:5555', node)
      .replace('listen 443', `listen 127.0.0.1:${port}`)
      .replace(/\/etc\/letsencrypt\S+fullchain.pem/, at('cert.pem'))
      .replace(/\/etc\/letsencrypt\S+privkey.pem/, at('key.pem'));
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${at(name)};`).join(' ');
    writeFileSync(
      at('nginx.conf'),
      `pid ${at('pid')}; error_log ${at('error.log')}; worker_processes 1; events {} http { access_log off; ${temporary}\n${site}\n}`,
    );
    mkdirSync(at('logs'));
    chmodSync(folder, 0o755); // bodies lie in it while they come, and the worker is another user
    return spawn('nginx', ['-p', folder, '-c', at('nginx.conf'), '-g', 'daemon off;'], { stdio: 'inherit' });
  },
  errors: (folder) => readFileSync(join(folder, 'error.log'), 'utf8'),
});
