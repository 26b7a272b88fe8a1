// Starts the language server and ties its answers to the editor.

import * as vscode from 'vscode';
import { CloseAction, ErrorAction, LanguageClientOptions, State } from 'vscode-languageclient/node';
import { NlqClient } from './client';
import { execute, presenters, registerCommands } from './commands';
import { lendModels } from './llm';
import { didGrantTrust, statusNotification } from './protocol';
import { ResultsPanel } from './results';
import { findServer } from './server';
import { StatusView } from './status';
import { Views } from './views';

const languages = [
  'nlq', 'sql', 'spl', 'python', 'rust', 'javascript', 'javascriptreact', 'typescript', 'typescriptreact', 'go', 'java', 'csharp',
  'ruby', 'php', 'shellscript', 'lua', 'c', 'cpp', 'yaml',
];

const selector = [
  ...languages.map((language) => ({ scheme: 'file', language })),
  ...languages.map((language) => ({ scheme: 'untitled', language })),
  { scheme: 'file', pattern: '**/nlq.yaml' },
  { scheme: 'file', pattern: '**/*.annotations.yaml' },
  { scheme: 'file', pattern: '**/.nlq/examples/*.yaml' },
];

/** Restarts after a crash, at most this many within `restartWindowMs`: a server that dies at once is not started for ever. */
const maxRestarts = 4;
const restartWindowMs = 3 * 60 * 1000;

let client: NlqClient | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const output = vscode.window.createOutputChannel('nlq', { log: true });
  const status = new StatusView(selector);
  const results = new ResultsPanel();
  const views = new Views();
  const show = presenters(results, views);

  const start = async (): Promise<void> => {
    await stop();
    status.serverState('starting', '');
    const server = findServer(context);
    if ('problem' in server) {
      status.serverState('stopped', server.problem);
      return offerHelp(server.problem);
    }
    output.info(`starting ${server.path}`);
    const args = vscode.workspace.getConfiguration('nlq').get<string[]>('server.extraArgs', []);
    const next = new NlqClient('nlq', 'nlq', { command: server.path, args: ['lsp', ...args] }, options());
    client = next;
    next.onNotification(statusNotification, (params) => status.connection(params));
    lendModels(next);
    next.onDidChangeState(({ newState }) => {
      if (next !== client) return;
      if (newState === State.Running) status.serverRuns();
      else if (newState === State.Stopped) status.serverState('stopped', 'The server is not running; see the log.');
      else status.serverState('starting', '');
    });
    try {
      await next.start();
    } catch (error) {
      const problem = `${server.path} lsp did not start: ${error instanceof Error ? error.message : String(error)}`;
      status.serverState('stopped', problem);
      offerHelp(problem);
    }
  };

  const options = (): LanguageClientOptions => {
    const restarts: number[] = [];
    return {
      documentSelector: selector,
      outputChannel: output,
      initializationOptions: { editorTrust: vscode.workspace.isTrusted, llm: true, settings: settings() },
      synchronize: { configurationSection: 'nlq' },
      markdown: { isTrusted: false, supportHtml: false },
      errorHandler: {
        error: () => ({ action: ErrorAction.Continue }),
        closed: () => {
          const now = Date.now();
          restarts.push(now);
          const recent = restarts.filter((time) => now - time < restartWindowMs).length;
          if (recent <= maxRestarts) return { action: CloseAction.Restart };
          return {
            action: CloseAction.DoNotRestart,
            message: `nlq: the server ended ${recent} times within three minutes and was not started again.`,
          };
        },
      },
      middleware: {
        executeCommand: (command, args) => (client ? execute(client, show, command, args) : undefined),
      },
    };
  };

  const offerHelp = (problem: string): void => {
    output.error(problem);
    void vscode.window
      .showErrorMessage(`nlq: ${problem}. Install nlq, or set nlq.server.path.`, 'Open Settings', 'Show Output')
      .then((picked) => {
        if (picked === 'Open Settings') void vscode.commands.executeCommand('workbench.action.openSettings', 'nlq.server.path');
        if (picked === 'Show Output') output.show();
      });
  };

  const run = async (command: string, args: unknown[]): Promise<unknown> => {
    if (!client?.isRunning()) return vscode.window.showErrorMessage('nlq: the server is not running.', 'Restart').then((picked) => picked && start());
    return execute(client, show, command, args);
  };

  context.subscriptions.push(
    output,
    status,
    results,
    views,
    ...registerCommands(run, { restart: start, showOutput: () => output.show() }),
    vscode.workspace.onDidGrantWorkspaceTrust(() => client?.isRunning() && client.sendNotification(didGrantTrust, {})),
    vscode.workspace.onDidChangeConfiguration((change) => change.affectsConfiguration('nlq.server') && start()),
  );
  await start();
}

export const deactivate = stop;

async function stop(): Promise<void> {
  const last = client;
  client = undefined;
  // A server that never started, or is gone, cannot be stopped in good order; there is nothing left to do about it.
  await last?.dispose().catch(() => undefined);
}

/** The settings that the server reads, as it wants them at the start; later ones are synchronised. */
function settings(): Record<string, unknown> {
  const configuration = vscode.workspace.getConfiguration('nlq');
  return {
    allStatements: configuration.get('diagnostics.allStatements'),
    inlayHints: configuration.get('inlayHints.enabled'),
    codeLens: configuration.get('codeLens.enabled'),
  };
}
