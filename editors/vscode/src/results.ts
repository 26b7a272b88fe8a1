// The rows of a query in a panel beside the editor.

import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import { Cell, RunResult } from './protocol';

/** One panel, reused by every run until the user closes it. */
export class ResultsPanel implements vscode.Disposable {
  private panel: vscode.WebviewPanel | undefined;
  private result: RunResult | undefined;

  show(result: RunResult): void {
    this.result = result;
    this.panel ??= this.open();
    this.panel.title = `Rows: ${result.connection}`;
    this.panel.webview.html = page(result);
    this.panel.reveal(undefined, true);
  }

  dispose(): void {
    this.panel?.dispose();
  }

  private open(): vscode.WebviewPanel {
    const panel = vscode.window.createWebviewPanel(
      'nlq.rows',
      'Rows',
      { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true },
      { enableScripts: true, localResourceRoots: [], enableFindWidget: true },
    );
    panel.onDidDispose(() => (this.panel = undefined));
    panel.webview.onDidReceiveMessage(async (message: unknown) => {
      if (message !== 'copy' || !this.result) return;
      await vscode.env.clipboard.writeText(csv(this.result));
      vscode.window.setStatusBarMessage(`nlq: copied ${count(this.result.rows.length, 'row')} as CSV`, 3000);
    });
    return panel;
  }
}

/** RFC 4180; NULL is an empty field. */
export function csv(result: RunResult): string {
  const field = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const line = (cells: string[]) => `${cells.map(field).join(',')}\r\n`;
  return line(result.columns.map((column) => column.name)) + result.rows.map((row) => line(row.map(plain))).join('');
}

function plain(cell: Cell): string {
  if (cell === null) return '';
  return typeof cell === 'object' ? JSON.stringify(cell) : String(cell);
}

function count(n: number, noun: string): string {
  return `${n.toLocaleString('en')} ${noun}${n === 1 ? '' : 's'}`;
}

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => escapes[character] ?? character);
}

const truncation = {
  rows: 'the row limit was reached; there are more',
  bytes: 'the size limit was reached; there are more',
};

function page(result: RunResult): string {
  const nonce = randomBytes(16).toString('base64');
  const numeric = result.columns.map((_, i) => {
    const cells = result.rows.map((row) => row[i] ?? null).filter((cell) => cell !== null);
    return cells.length > 0 && cells.every((cell) => typeof cell === 'number');
  });
  const mark = (i: number) => (numeric[i] ? ' class="number"' : '');
  const head = result.columns
    .map((column, i) => `<th scope="col"${mark(i)}>${escape(column.name)}<small>${escape(column.type)}</small></th>`)
    .join('');
  const body = result.rows
    .map((row, n) => {
      const cells = row.map((cell, i) => (cell === null ? '<td class="null">NULL</td>' : `<td${mark(i)}>${escape(plain(cell))}</td>`));
      return `<tr><td class="line">${n + 1}</td>${cells.join('')}</tr>`;
    })
    .join('\n');
  const cut = result.truncated ? `<span class="cut">${truncation[result.truncated]}</span>` : '';
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'nonce-${nonce}'; script-src 'nonce-${nonce}'">
<style nonce="${nonce}">
  body { padding: 0 0 1em; }
  header { display: flex; flex-wrap: wrap; align-items: baseline; gap: .3em 1.2em; padding: .7em 1em; color: var(--vscode-descriptionForeground); }
  header b { color: var(--vscode-foreground); }
  .cut { color: var(--vscode-editorWarning-foreground); }
  button { margin-left: auto; white-space: nowrap; border: 0; border-radius: 2px; padding: .3em .8em; cursor: pointer;
    color: var(--vscode-button-secondaryForeground); background: var(--vscode-button-secondaryBackground); }
  button:hover { background: var(--vscode-button-secondaryHoverBackground); }
  pre { margin: 0 1em 1em; padding: .6em .8em; overflow-x: auto; background: var(--vscode-textCodeBlock-background);
    font-family: var(--vscode-editor-font-family); font-size: var(--vscode-editor-font-size); }
  table { border-collapse: collapse; font-family: var(--vscode-editor-font-family); font-size: var(--vscode-editor-font-size); }
  th, td { padding: .25em 1em; text-align: left; vertical-align: top; border-bottom: 1px solid var(--vscode-panel-border);
    max-width: 40em; white-space: pre-wrap; overflow-wrap: anywhere; }
  thead th { position: sticky; top: 0; background: var(--vscode-editor-background); white-space: nowrap; }
  th small { display: block; font-weight: normal; color: var(--vscode-descriptionForeground); }
  .number { text-align: right; font-variant-numeric: tabular-nums; }
  .line { text-align: right; color: var(--vscode-editorLineNumber-foreground); user-select: none; }
  .null { color: var(--vscode-disabledForeground); font-style: italic; }
  tbody tr:hover { background: var(--vscode-list-hoverBackground); }
</style>
</head>
<body>
<header><span><b>${count(result.rows.length, 'row')}</b> from ${escape(result.connection)} in ${Math.round(result.elapsed_ms)} ms</span>${cut}<button>Copy as CSV</button></header>
<pre>${escape(result.sql)}</pre>
<table>
<thead><tr><th class="line"></th>${head}</tr></thead>
<tbody>
${body}
</tbody>
</table>
<script nonce="${nonce}">
  const editor = acquireVsCodeApi();
  document.querySelector('button').addEventListener('click', () => editor.postMessage('copy'));
</script>
</body>
</html>`;
}
