// Plain JavaScript, since it runs before anything is installed: checks Node, installs the packages, then hands over to the command.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const commands = ['start', 'test', 'build', 'node', 'demo', 'check', 'e2e', 'gen', 'conformance', 'vectors', 'fuzz', 'bench', 'soak'];

function fail(message) {
  console.error(message);
  process.exit(1);
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    fail(
      `Parley needs Node 20.19 or newer; this is ${process.versions.node} (${process.execPath}). Get a newer one from https://nodejs.org.`,
    );
  }
}

/** Installs from the lockfile unless node_modules came from this very lockfile under this major of Node. */
function installPackages() {
  const lock = readFileSync(resolve(root, 'package-lock.json'));
  const wanted = `${createHash('sha256').update(lock).digest('hex')} node ${process.versions.node.split('.')[0]} ${process.platform} ${process.arch}\n`;
  const stamp = resolve(root, 'node_modules/.parley-installed');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  console.log('Installing the packages of package-lock.json (npm ci) …');
  const started = Date.now();
  // npm tells its scripts where it lives; without it (plain `node test/cli/run.mjs`) the one on PATH has to do.
  const npm = process.env['npm_execpath'];
  const options = { cwd: root, stdio: 'inherit', env: { ...process.env, NODE_ENV: 'development' } };
  const done = npm?.endsWith('.js')
    ? spawnSync(process.execPath, [npm, 'ci', '--no-audit', '--no-fund'], options)
    : spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { ...options, shell: process.platform === 'win32' });
  if (done.error) fail(`npm could not be started: ${done.error.message}. Parley needs Node and npm on the PATH.`);
  if (done.status !== 0) fail('npm ci failed (above). It needs the npm registry, or a filled npm cache; then run the command again.');
  writeFileSync(stamp, wanted);
  console.log(`Packages installed in ${((Date.now() - started) / 1000).toFixed(1)} s.`);
}

checkNode();
const [command = '', ...args] = process.argv.slice(2);
if (!commands.includes(command)) fail(`Usage: npm run COMMAND [-- OPTIONS], with one of: ${commands.join(', ')}`);
process.chdir(root);
installPackages();
// Commands are TypeScript, which Node 20 cannot run: Vite, installed by now, loads them.
const { runnerImport } = await import(pathToFileURL(resolve(root, 'node_modules/vite/dist/node/index.js')).href);
const { module } = await runnerImport(resolve(root, `test/cli/${command}.ts`), { configFile: false, root, logLevel: 'error' });
try {
  process.exitCode = await module.run(args);
} catch (error) {
  // A UsageError or a missing browser explains itself; anything else needs its stack.
  console.error(error?.expected ? `\n${error.message}` : error);
  process.exitCode = 1;
}
// What a command leaves running (a browser, a node) it has ended itself by now; a forgotten handle must not keep the terminal.
process.stdout.write('', () => process.exit());
