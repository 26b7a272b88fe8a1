// The status bar item: which connection answers, and how it stands.

import * as path from 'node:path';
import * as vscode from 'vscode';
import { Status } from './protocol';

/** Our own states beside the server's. */
export type State = Status['state'] | 'starting' | 'stopped';

/** `said`: the state is written beside the connection's name. `problem`: it is coloured, and shown in every file. */
const looks: Record<State, { icon: string; said?: true; problem?: true }> = {
  starting: { icon: '$(loading~spin)' },
  stopped: { icon: '$(error)', problem: true },
  idle: { icon: '$(database)' },
  connecting: { icon: '$(loading~spin)' },
  ready: { icon: '$(database)' },
  failed: { icon: '$(warning)', said: true, problem: true },
  untrusted: { icon: '$(shield)', said: true },
  'no-config': { icon: '$(circle-slash)' },
  'no-schema': { icon: '$(warning)', said: true },
};

const words: Record<State, string> = {
  starting: 'starting',
  stopped: 'stopped',
  idle: 'not connected yet',
  connecting: 'connecting',
  ready: 'connected',
  failed: 'connection failed',
  untrusted: 'not trusted',
  'no-config': 'no nlq.yaml',
  'no-schema': 'no schema yet',
};

/** Shows the status of the workspace folder that the active file belongs to. */
export class StatusView implements vscode.Disposable {
  private readonly bar = vscode.window.createStatusBarItem('nlq.status', vscode.StatusBarAlignment.Right, 100);
  private readonly byRoot = new Map<string, Status>();
  private server: { state: State; message: string } | undefined = { state: 'starting', message: '' };
  private readonly subscriptions: vscode.Disposable[];

  constructor(private readonly selector: vscode.DocumentSelector) {
    this.bar.name = 'nlq';
    this.bar.command = 'nlq.client.menu';
    this.subscriptions = [
      this.bar,
      vscode.window.onDidChangeActiveTextEditor(() => this.show()),
      vscode.window.onDidChangeVisibleTextEditors(() => this.show()),
    ];
    this.show();
  }

  /** A connection's state as the server tells it. */
  connection(status: Status): void {
    this.byRoot.set(status.root ?? '', status);
    this.server = undefined;
    this.show();
  }

  /** The server's own state; it covers what was known of connections. */
  serverState(state: 'starting' | 'stopped', message: string): void {
    this.byRoot.clear();
    this.server = { state, message };
    this.show();
  }

  /** The server answers and has not spoken of a connection yet. */
  serverRuns(): void {
    if (this.server?.state !== 'starting') return;
    this.server = undefined;
    this.show();
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  private show(): void {
    // The active file's status, or beside a panel or preview that of a file still in sight.
    const editors = [vscode.window.activeTextEditor, ...vscode.window.visibleTextEditors];
    const document = editors.find((editor) => editor && vscode.languages.match(this.selector, editor.document) > 0)?.document;
    const status = this.ofRoot(document?.uri);
    const state = this.server?.state ?? status?.state ?? 'idle';
    const look = looks[state];
    this.bar.text = `${look.icon} nlq: ${status?.connection ? `${status.connection}${look.said ? ` (${words[state]})` : ''}` : words[state]}`;
    this.bar.backgroundColor = look.problem && new vscode.ThemeColor('statusBarItem.warningBackground');
    this.bar.accessibilityInformation = { label: `nlq: ${status?.connection ?? ''} ${words[state]}` };
    this.bar.tooltip = tooltip(state, status, this.server?.message ?? status?.message ?? '');
    if (document || look.problem) this.bar.show();
    else this.bar.hide();
  }

  private ofRoot(uri: vscode.Uri | undefined): Status | undefined {
    const folder = uri && vscode.workspace.getWorkspaceFolder(uri);
    if (folder) {
      for (const [root, status] of this.byRoot) {
        if (root !== '' && contains(folder.uri.fsPath, root)) return status;
      }
    }
    return this.byRoot.get('') ?? (this.byRoot.size === 1 ? [...this.byRoot.values()][0] : undefined);
  }
}

/** Whether a folder is, or holds, the folder of an nlq.yaml. */
function contains(folder: string, root: string): boolean {
  const from = path.relative(folder, root);
  return !from.startsWith('..') && !path.isAbsolute(from);
}

function tooltip(state: State, status: Status | undefined, message: string): vscode.MarkdownString {
  const text = new vscode.MarkdownString();
  const dialect = status?.dialect ? ` (${status.dialect})` : '';
  text.appendText(`nlq: ${status?.connection ? `${status.connection}${dialect}, ` : ''}${words[state]}`);
  if (message !== '') text.appendMarkdown('\n\n').appendText(message);
  return text;
}
