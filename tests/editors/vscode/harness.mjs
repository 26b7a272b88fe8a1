// Drives real VS Code: code-server behind headless Chromium. A test sees what a person sees.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, openSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));

/** In milliseconds: a loaded machine took 15 s to the first squiggle. */
const patience = 1000 * Number(process.env.NLQ_TEST_PATIENCE ?? 60);

const required = (name) => process.env[name] || assert.fail(`the environment variable ${name} is missing; tests/run sets it`);

/** The folder that tests/setup made. */
const tools = required('NLQ_TEST_TOOLS');
const { chromium } = createRequire(path.join(tools, 'playwright', 'x.js'))('playwright-core');

/** What a test run needs from outside: the program, the packaged extension, and where pictures go. */
export const given = {
  nlq: required('NLQ_BIN'),
  vsix: required('NLQ_VSIX'),
  pictures: process.env.NLQ_SCREENSHOTS || path.join(tmpdir(), 'nlq-screenshots'),
};
mkdirSync(given.pictures, { recursive: true });

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

function run(command, args, options) {
  return new Promise((done, failed) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    let output = '';
    child.stdout.on('data', (text) => (output += text));
    child.stderr.on('data', (text) => (output += text));
    child.on('error', failed);
    child.on('exit', (code) => (code === 0 ? done(output) : failed(new Error(`${command} ${args[0]} ended with ${code}:\n${output}`))));
  });
}

/** One running VS Code with the extension, a fresh workspace and fresh user folders. */
export class Editor {
  /**
   * @param {{ trust?: boolean, settings?: object, size?: { width: number, height: number }, scale?: number, models?: string[],
   *   upstream?: string, config?: string, logs?: boolean }}
   *   options with `trust: false` the editor asks about trust as it does at a user's; otherwise all workspaces are trusted.
   *   With `models` another extension provides language models of these names, which the `upstream` answers. `config` is
   *   appended to the workspace's nlq.yaml. With `logs` it has a connection to the stand-in for a Splunk server.
   */
  static async start({
    trust = true, settings = {}, size = { width: 1280, height: 720 }, scale = 1, models = [], upstream = '', config = '', logs = false,
  } = {}) {
    const editor = new Editor();
    editor.folder = mkdtempSync(path.join(tmpdir(), 'nlq-vscode-'));
    editor.workspace = path.join(editor.folder, 'shop');
    const sub = (name) => path.join(editor.folder, name);
    // `demo` trusts what it made; its trust is kept apart from the editor's, where a test grants its own.
    await run(given.nlq, ['demo', editor.workspace], { env: { ...process.env, NLQ_STATE_DIR: sub('demo-state') } });
    appendFileSync(path.join(editor.workspace, 'nlq.yaml'), config);
    if (logs) await editor.connectLogs(sub('demo-state'));
    editor.restore();

    mkdirSync(sub('user/User'), { recursive: true });
    writeFileSync(
      sub('user/User/settings.json'),
      JSON.stringify({
        'nlq.server.path': given.nlq,
        'nlq.trace.server': 'messages',
        'workbench.startupEditor': 'none',
        'workbench.colorTheme': 'Default Dark Modern',
        'telemetry.telemetryLevel': 'off',
        'chat.disableAIFeatures': true,
        'chat.commandCenter.enabled': false,
        'editor.lightbulb.enabled': 'on',
        'editor.minimap.enabled': false,
        'files.autoSave': 'off',
        ...settings,
      }),
    );
    const environment = {
      ...process.env,
      XDG_CONFIG_HOME: sub('config'),
      XDG_DATA_HOME: sub('data'),
      XDG_STATE_HOME: sub('state'),
      XDG_CACHE_HOME: sub('cache'),
      NLQ_STATE_DIR: sub('nlq-state'),
      NLQ_TEST_UPSTREAM: upstream,
      NLQ_TEST_MODELS: models.join(' '),
    };
    const program = path.join(tools, 'code-server/node_modules/code-server/out/node/entry.js');
    const base = [program, '--user-data-dir', sub('user'), '--extensions-dir', sub('extensions')];
    await run(process.execPath, [...base, '--install-extension', given.vsix], { env: environment });

    const port = await freePort();
    const log = openSync(sub('code-server.log'), 'w');
    editor.server = spawn(
      process.execPath,
      [
        ...base, '--auth', 'none', '--bind-addr', `127.0.0.1:${port}`, '--disable-telemetry', '--disable-update-check',
        '--disable-getting-started-override', ...(trust ? ['--disable-workspace-trust'] : []),
      ],
      { env: environment, stdio: ['ignore', log, log], detached: true },
    );
    try {
      const url = `http://127.0.0.1:${port}`;
      await until(() => fetch(`${url}/healthz`).then((reply) => reply.ok, () => false), 'code-server answers');
      editor.browser = await chromium.launchPersistentContext(sub('chromium'), {
        executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
        viewport: size,
        deviceScaleFactor: scale,
        permissions: ['clipboard-read', 'clipboard-write'],
        args: [
          '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
          '--disable-component-update', '--disable-sync',
        ],
      });
      editor.page = editor.browser.pages()[0] ?? (await editor.browser.newPage());
      editor.page.setDefaultTimeout(patience);
      const query = new URLSearchParams({ folder: editor.workspace });
      if (models.length > 0) {
        const extension = `vscode-remote://127.0.0.1:${port}${path.join(here, 'models')}`;
        // The API to provide models is still a proposal.
        query.set('payload', JSON.stringify([['extensionDevelopmentPath', extension], ['enableProposedApi', '']]));
      }
      await editor.page.goto(`${url}/?${query}`);
      await editor.page.waitForSelector('.monaco-workbench .explorer-folders-view');
    } catch (error) {
      await editor.stop();
      throw error;
    }
    return editor;
  }

  /** Starts the stand-in for a Splunk server, makes it a connection of the workspace and reads its schema. */
  async connectLogs(state) {
    this.splunk = spawn(required('NLQ_SPLUNK_DOUBLE'), [], { stdio: ['ignore', 'pipe', 'inherit'] });
    const line = await new Promise((done) => this.splunk.stdout.once('data', (text) => done(String(text))));
    const file = path.join(this.workspace, 'nlq.yaml');
    const logs = `  logs:\n    type: splunk\n    connections:\n      dev:\n        url: ${line.trim().split(' ').at(-1)}\n        token: "\${file:splunk-token}"\n`;
    writeFileSync(file, readFileSync(file, 'utf8').replace('\nproviders:\n', (head) => head + logs));
    writeFileSync(path.join(this.workspace, 'splunk-token'), 'token-of-analyst\n');
    const annotations = path.join(here, '..', '..', 'eval/beyond/splunk.annotations.yaml');
    writeFileSync(path.join(this.workspace, 'logs.annotations.yaml'), readFileSync(annotations));
    const environment = { ...process.env, NLQ_STATE_DIR: state };
    await run(given.nlq, ['trust', '--yes'], { cwd: this.workspace, env: environment });
    await run(given.nlq, ['schema', 'refresh', 'logs/dev'], { cwd: this.workspace, env: environment });
  }

  /** Puts the tests' own files into the workspace as they were. They are written in place: a file that goes away and comes
   * back can stay away in the explorer of a busy machine. */
  restore() {
    const from = path.join(here, '..', 'workspace');
    for (const name of readdirSync(from)) {
      writeFileSync(path.join(this.workspace, name), readFileSync(path.join(from, name)));
    }
  }

  /** Closes everything that a test opened, unsaved text and all, and restores the files. */
  async reset() {
    await this.page.keyboard.press('Escape');
    const tabs = this.page.locator('.tabs-container .tab');
    while ((await tabs.count()) > 0) {
      const before = await tabs.count();
      await tabs.first().click();
      await this.command('View: Revert and Close Editor');
      await until(async () => (await tabs.count()) < before, 'a tab is closed');
    }
    this.restore();
  }

  /** Opens a file of the workspace's top folder from the explorer. */
  async open(file) {
    await this.page.getByRole('treeitem', { name: file }).first().dblclick();
    await this.page.locator(`.tab.active[data-resource-name="${file}"]`).waitFor();
    await this.page.locator('.editor-instance .view-lines').first().waitFor();
    await this.page.locator('.editor-instance .view-lines').first().click();
  }

  /** Types into the input that a key opens, until `seen` shows. A key pressed while the editor is busy can get lost, and an
   * input closes when something else takes the focus: then it is opened again. */
  async quickInput(key, text, seen) {
    const input = this.page.locator('.quick-input-widget input').first();
    const soon = { timeout: 3000 };
    await until(async () => {
      await this.page.keyboard.press(key);
      const typed = input.waitFor(soon).then(() => input.fill(text, soon)).then(() => seen?.waitFor(soon));
      return typed.then(() => true, () => this.page.keyboard.press('Escape').then(() => false));
    }, `${key} opens its input`);
    await this.page.keyboard.press('Enter');
    await this.page.locator('.quick-input-widget').waitFor({ state: 'hidden' });
  }

  /** Runs a command of the palette by its full title. */
  async command(title) {
    const row = this.page.locator('.quick-input-list .monaco-list-row').filter({ hasText: title }).first();
    await this.quickInput('F1', `>${title}`, row);
  }

  /** Puts the cursor there; both count from 1. */
  async goto(line, column = 1) {
    await this.quickInput('Control+g', `:${line}:${column}`);
  }

  /** Writes as a person does, but without the editor's own closing brackets and indentation in the way. */
  async type(text) {
    await this.page.keyboard.insertText(text);
  }

  /** The visible text of the active editor, a line a row. */
  async text() {
    const lines = await this.page.locator('.editor-group-container.active .editor-instance .view-lines .view-line').evaluateAll((rows) =>
      rows
        .map((row) => ({ top: parseInt(row.style.top, 10), text: row.textContent.replaceAll('\u00a0', ' ').replaceAll('\u200c', '') }))
        .sort((a, b) => a.top - b.top)
        .map((row) => row.text),
    );
    return lines.join('\n');
  }

  /** Saves the active file and reads it from disk. */
  async saved(file) {
    await this.page.keyboard.press('Control+s');
    await until(async () => (await this.page.locator('.tab.active.dirty').count()) === 0, `${file} is saved`);
    return readFileSync(path.join(this.workspace, file), 'utf8');
  }

  /** The light bulb: in the margin, or in the text where there is room. */
  lightBulb() {
    return this.page.locator('.lightBulbWidget:visible, [class*="codicon-gutter-lightbulb"]:visible').first();
  }

  /** The squiggles that can be seen. */
  squiggles() {
    return this.page.locator('.squiggly-error, .squiggly-warning');
  }

  /** Opens the menu of fixes and actions at the cursor; asks again until it offers `title`. */
  async actions(title) {
    const row = this.page.locator('.action-widget .monaco-list-row').filter({ hasText: title }).first();
    await until(async () => {
      await this.page.keyboard.press('Control+.');
      if (await row.waitFor({ timeout: 3000 }).then(() => true, () => false)) return true;
      await this.page.keyboard.press('Escape');
      return false;
    }, `the menu offers "${title}"`);
  }

  /** Picks an entry of the open menu, by keyboard: the first clicks after it opened are not for it. */
  async pick(title) {
    const focused = this.page.locator('.action-widget .monaco-list-row.focused').filter({ hasText: title });
    await until(async () => {
      if ((await focused.count()) > 0) return true;
      await this.page.keyboard.press('ArrowDown');
      return false;
    }, `"${title}" is chosen`);
    await this.page.keyboard.press('Enter');
    await this.page.locator('.action-widget').waitFor({ state: 'hidden' });
  }

  /** The nlq entry of the status bar. */
  status() {
    return this.page.locator('.statusbar-item[id*="nlq.status"]');
  }

  /** Points at the first `word` of the active editor until a hover contains `text`. */
  async hover(word, text) {
    const hover = this.page.locator('.monaco-hover:visible').filter({ hasText: text }).first();
    await until(async () => {
      const box = await this.box(word);
      await this.page.mouse.move(box.x + box.width / 2 - 20, box.y + 80);
      await this.page.mouse.move(box.x + box.width / 2, box.y + box.height / 2, { steps: 4 });
      return hover.waitFor({ timeout: 3000 }).then(() => true, () => false);
    }, `a hover over ${word} says "${text}"`);
    return hover;
  }

  /** How a word looks: its colour, and whether it is underlined. Undefined until it is painted as a word of its own. */
  async look(word) {
    return this.page.locator('.editor-group-container.active .editor-instance .view-lines').first().evaluate((lines, wanted) => {
      const spans = [...lines.querySelectorAll('span span')];
      const span = spans.find((one) => one.textContent.replaceAll('\u00a0', ' ').trim().split(' ').includes(wanted));
      if (!span) return undefined;
      const { color, textDecorationLine } = getComputedStyle(span);
      return { color, underlined: textDecorationLine.includes('underline') };
    }, word);
  }

  /** Where a word stands on the screen. */
  async box(word) {
    return this.page.locator('.editor-group-container.active .editor-instance .view-lines').first().evaluate((lines, wanted) => {
      const walker = document.createTreeWalker(lines, NodeFilter.SHOW_TEXT);
      while (walker.nextNode()) {
        const at = walker.currentNode.data.replaceAll('\u00a0', ' ').indexOf(wanted);
        if (at < 0) continue;
        const range = document.createRange();
        range.setStart(walker.currentNode, at);
        range.setEnd(walker.currentNode, at + wanted.length);
        const { x, y, width, height } = range.getBoundingClientRect();
        return { x, y, width, height };
      }
      throw new Error(`no "${wanted}" on the screen`);
    }, word);
  }

  /** Process ids of the language servers that this editor runs: those that descend from it. */
  languageServers() {
    const parents = new Map();
    const servers = [];
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number)) {
      try {
        parents.set(pid, Number(readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ')[1]));
        const [program, command] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
        if (program === given.nlq && command === 'lsp') servers.push(pid);
      } catch {
        // it ended meanwhile
      }
    }
    const ours = (pid) => pid === this.server.pid || (parents.has(pid) && ours(parents.get(pid)));
    return servers.filter(ours);
  }

  /** Takes a picture; returns its file. */
  async picture(name) {
    const file = path.join(given.pictures, `vscode-${name}.png`);
    await this.page.screenshot({ path: file });
    return file;
  }

  async stop() {
    await this.browser?.close().catch(() => undefined);
    this.splunk?.kill();
    try {
      process.kill(-this.server.pid, 'SIGTERM');
    } catch {
      // already gone
    }
    await new Promise((done) => setTimeout(done, 500));
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }
}

/** Waits until `condition` holds. */
export async function until(condition, what, time = patience) {
  const end = Date.now() + time;
  for (;;) {
    if (await condition()) return;
    if (Date.now() > end) assert.fail(`waited ${time / 1000} s in vain until ${what}`);
    await new Promise((done) => setTimeout(done, 150));
  }
}
