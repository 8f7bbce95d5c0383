import type { ChildProcess } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { Bidi } from '../support/browsers/bidi.ts';
import { PipedChromium } from '../support/browsers/chromium-pipe.ts';
import { installExtension } from '../support/browsers/firefox.ts';
import { buildIfStale } from './build.ts';
import { run as demo } from './demo.ts';
import { type BrowserKind, ensureBrowsers, findBrowser, lookForBrowser } from './find-browsers.ts';
import { NodeProcess } from './node-process.ts';
import { CommandError, cleanup, end, readOptions, root } from './processes.ts';

/** `npm start`: the node, and a browser with the extension, ready to be used. */
export async function run(args: readonly string[]): Promise<number> {
  const options = readOptions(args, { firefox: 'flag', port: 'text', data: 'text', 'no-browser': 'flag' });
  const port = Number(options.port ?? 5555);
  if (!Number.isInteger(port) || port < 1 || port > 65535) throw new CommandError(`--port ${options.port} is no port`);
  if (!options['no-browser'] && !hasDisplay()) {
    console.log('There is no display to open a browser on, so here is the demo: two people talk in two headless browsers.');
    console.log('(`npm start -- --no-browser` starts the node alone.)\n');
    return demo([]);
  }
  const kind = chooseBrowser(options.firefox === true);
  if (!options['no-browser']) ensureBrowsers([kind]);
  await buildIfStale();

  const started = cleanup();
  try {
    const data = resolve(process.env['INIT_CWD'] ?? root, options.data ?? join(root, '.parley/node'));
    const node = new NodeProcess({ port, data });
    const joins = await node.healthy();
    if (joins) {
      console.log(`A node answers at ${node.url} already: this browser joins it.`);
    } else {
      await checkPortIsFree(port);
      await node.start();
      started.add(() => node.stop());
    }
    if (options['no-browser']) {
      explain(node.url, joins ? null : data, null);
      await Promise.race([node.ended, started.interrupted]);
    } else {
      const browser = await openBrowser(kind, node.url);
      started.add(() => end(browser));
      explain(node.url, joins ? null : data, kind);
      const closed = new Promise<string>((gone) => browser.once('exit', () => gone('The browser was closed.')));
      const why = await Promise.race([closed, node.ended.then(() => 'The node ended.'), started.interrupted]);
      if (why !== 'interrupted') console.log(why);
    }
  } finally {
    await started.run();
  }
  console.log('Stopped.');
  return 0;
}

function hasDisplay(): boolean {
  return process.platform !== 'linux' || Boolean(process.env['DISPLAY'] || process.env['WAYLAND_DISPLAY']);
}

/** Chromium, unless Firefox is asked for or is all that there is. */
function chooseBrowser(firefox: boolean): BrowserKind {
  if (firefox) return 'firefox';
  return lookForBrowser('chromium') === null && lookForBrowser('firefox') !== null ? 'firefox' : 'chromium';
}

async function checkPortIsFree(port: number): Promise<void> {
  await new Promise<void>((done, failed) => {
    const server = createServer();
    server.once('error', () =>
      failed(new CommandError(`Port ${port} is in use. End what uses it, or choose another: npm start -- --port ${port + 1}`)),
    );
    server.listen(port, '127.0.0.1', () => server.close(() => done()));
  });
}

/** Starts the browser on a profile of its own, with the welcome page and the sample dApp. */
async function openBrowser(kind: BrowserKind, nodeUrl: string): Promise<ChildProcess> {
  const profile = join(root, `.parley/${kind}-profile`);
  mkdirSync(profile, { recursive: true });
  const welcome = (base: string): string => `${base}popup.html#/welcome?node=${encodeURIComponent(nodeUrl)}`;
  const { path } = findBrowser(kind);
  if (kind === 'chromium') {
    const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
    const chromium = new PipedChromium(path, [
      `--user-data-dir=${profile}`,
      '--no-first-run',
      '--no-default-browser-check',
      ...sandbox,
      `${nodeUrl}/demo`,
    ]);
    const id = await chromium.loadExtension(join(root, 'dist/chromium'));
    await chromium.open(welcome(`chrome-extension://${id}/`));
    return chromium.process;
  }
  // A lock that a crash left behind would stop the next start.
  for (const lock of ['lock', '.parentlock']) rmSync(join(profile, lock), { force: true });
  writeFileSync(
    join(profile, 'user.js'),
    'user_pref("browser.aboutwelcome.enabled", false);\nuser_pref("datareporting.policy.dataSubmissionEnabled", false);\n',
  );
  const firefox = await Bidi.launch(path, profile, false);
  const base = await installExtension(firefox, join(root, 'dist/firefox'));
  const { contexts } = await firefox.send<{ contexts: { context: string }[] }>('browsingContext.getTree', {});
  const { context } = await firefox.send<{ context: string }>('browsingContext.create', { type: 'tab' });
  await firefox.send('browsingContext.navigate', { context: contexts[0]?.context ?? context, url: `${nodeUrl}/demo`, wait: 'none' });
  await firefox.send('browsingContext.navigate', { context, url: welcome(base), wait: 'none' });
  return firefox.process;
}

function explain(nodeUrl: string, data: string | null, kind: BrowserKind | null): void {
  const dist = (browser: BrowserKind): string => join(root, 'dist', browser);
  const { port } = new URL(nodeUrl);
  const options = [...(port === '5555' ? [] : ['--port', port]), ...(kind === 'chromium' ? ['--firefox'] : [])];
  const second = ['npm start', ...(options.length > 0 ? ['--', ...options] : [])].join(' ');
  const lines = [
    '',
    data === null ? `Parley's node at ${nodeUrl} runs elsewhere.` : `Parley's node listens at ${nodeUrl} and keeps its data in ${data}.`,
    ...(kind
      ? [
          `${kind === 'chromium' ? 'The browser' : 'Firefox'} has two tabs open: Parley's welcome page and a sample site.`,
          '  1. In Parley: "Create a new wallet", choose a passphrase, "Continue".',
          '  2. On the sample site: connect, and send a message to a wallet address that has Parley.',
          `  3. The other side of a conversation: \`${second}\` in a second terminal joins this node with another browser;`,
          '     or load the extension by hand:',
        ]
      : [`The sample site is at ${nodeUrl}/demo. To use the extension, load it in a browser:`]),
    `     Chromium, Chrome, Edge, Brave: chrome://extensions, switch on "Developer mode", "Load unpacked": ${dist('chromium')}`,
    `     Firefox: about:debugging#/runtime/this-firefox, "Load Temporary Add-on": ${join(dist('firefox'), 'manifest.json')}`,
    `     and open its welcome page; the node's address is ${nodeUrl}.`,
    '',
    'Ctrl-C ends all of it.',
    '',
  ];
  console.log(lines.join('\n'));
}
