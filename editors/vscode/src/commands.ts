// The commands: what the palette offers, and how the answers of the server's own commands are shown.

import * as vscode from 'vscode';
import { LanguageClient } from 'vscode-languageclient/node';
import { isTold } from './client';
import { request } from './progress';
import { PlanResult, ReasoningResult, RefreshResult, RunResult, TestResult, TrustResult } from './protocol';
import { ResultsPanel } from './results';
import { Views } from './views';

/** Shows the answer of each command that has one; `nlq.generate` answers by an edit. */
export function presenters(results: ResultsPanel, views: Views): Record<string, (answer: unknown) => Promise<void> | void> {
  return {
    'nlq.run': (answer) => results.show(answer as RunResult),
    'nlq.explainPlan': (answer) => {
      const { connection, sql, plan } = answer as PlanResult;
      return views.showText(`Plan on ${connection}`, `${plan.trimEnd()}\n\n${sql.trimEnd()}\n`);
    },
    'nlq.showReasoning': (answer) => {
      const { title, markdown } = answer as ReasoningResult;
      return views.showMarkdown(title, markdown);
    },
    'nlq.refreshSchema': (answer) => {
      const { connection, tables, changed } = answer as RefreshResult;
      const what = changed ? 'the schema changed' : 'the schema is as it was';
      void vscode.window.showInformationMessage(`nlq: ${connection} has ${tables} ${tables === 1 ? 'table' : 'tables'}; ${what}.`);
    },
    'nlq.testConnection': (answer) => {
      const { connection, ok, message } = answer as TestResult;
      const text = `nlq: ${connection}: ${message || (ok ? 'connected' : 'failed')}`;
      void (ok ? vscode.window.showInformationMessage(text) : vscode.window.showErrorMessage(text));
    },
    'nlq.trust': (answer) => {
      if ((answer as TrustResult | null)?.trusted) void vscode.window.setStatusBarMessage('nlq: the workspace is trusted', 5000);
    },
  };
}

/** Runs a command of the server and shows its answer. */
export async function execute(
  client: LanguageClient,
  show: Record<string, (answer: unknown) => Promise<void> | void>,
  command: string,
  args: unknown[],
): Promise<unknown> {
  if (command === 'nlq.trust' && !vscode.workspace.isTrusted) {
    // The editor's Restricted Mode stands above nlq's own trust: it is lifted first.
    return vscode.commands.executeCommand('workbench.trust.manage');
  }
  try {
    const answer: unknown = await request(client, command, args);
    if (answer !== null && answer !== undefined) await show[command]?.(answer);
    return answer;
  } catch (error) {
    if (isTold(error)) return undefined;
    const message = error instanceof Error ? error.message : String(error);
    const picked = await vscode.window.showErrorMessage(`nlq: ${message}`, 'Show Output');
    if (picked) client.outputChannel.show();
    return undefined;
  }
}

/** Palette commands that ask the server about the cursor's place; the server finds the prompt or query there. */
const atCursor = ['generate', 'run', 'explainPlan', 'showReasoning'];

/** Palette commands about the active file's connection. */
const ofConnection = ['refreshSchema', 'testConnection', 'trust'];

/** Registers the palette commands. `run` sends one command to the server and shows its answer. */
export function registerCommands(
  run: (command: string, args: unknown[]) => Promise<unknown>,
  actions: { restart: () => Promise<void>; showOutput: () => void },
): vscode.Disposable[] {
  const register = (name: string, action: () => unknown) => vscode.commands.registerCommand(`nlq.client.${name}`, action);
  const commands = [register('restart', actions.restart), register('showOutput', actions.showOutput), register('menu', menu)];
  for (const name of atCursor) {
    commands.push(
      register(name, () => {
        const editor = vscode.window.activeTextEditor;
        if (!editor) return vscode.window.showInformationMessage('nlq: open a file and put the cursor on a prompt or a query.');
        const { line, character } = editor.selection.active;
        return run(`nlq.${name}`, [{ uri: editor.document.uri.toString(), position: { line, character } }]);
      }),
    );
  }
  for (const name of ofConnection) {
    commands.push(
      register(name, () => {
        const uri = vscode.window.activeTextEditor?.document.uri ?? vscode.workspace.workspaceFolders?.[0]?.uri;
        return run(`nlq.${name}`, [uri ? { uri: uri.toString() } : {}]);
      }),
    );
  }
  return commands;
}

async function menu(): Promise<void> {
  const entries = [
    { label: '$(refresh) Refresh schema', command: 'nlq.client.refreshSchema' },
    { label: '$(plug) Test connection', command: 'nlq.client.testConnection' },
    { label: '$(shield) Trust workspace', command: 'nlq.client.trust' },
    { label: '$(output) Show log', command: 'nlq.client.showOutput' },
    { label: '$(debug-restart) Restart server', command: 'nlq.client.restart' },
  ];
  const picked = await vscode.window.showQuickPick(entries, { title: 'nlq' });
  if (picked) await vscode.commands.executeCommand(picked.command);
}
