// Read-only documents for what the server explains: plans and reasoning.

import * as vscode from 'vscode';

/** The scheme of these documents; nothing of them is written to disk. */
export const viewScheme = 'nlq-view';

/** Serves the documents, the last text of each title. */
export class Views implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly texts = new Map<string, string>();
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.changed.event;
  private readonly subscriptions = [
    vscode.workspace.registerTextDocumentContentProvider(viewScheme, this),
    vscode.workspace.onDidCloseTextDocument((document) => {
      if (document.uri.scheme === viewScheme) this.texts.delete(document.uri.path);
    }),
    this.changed,
  ];

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.texts.get(uri.path) ?? '';
  }

  /** Shows Markdown rendered, beside the editor. */
  async showMarkdown(title: string, markdown: string): Promise<void> {
    const uri = this.put(`${title}.md`, markdown);
    await vscode.commands.executeCommand('markdown.showPreviewToSide', uri);
  }

  /** Shows plain text beside the editor. */
  async showText(title: string, text: string): Promise<void> {
    const document = await vscode.workspace.openTextDocument(this.put(`${title}.txt`, text));
    await vscode.window.showTextDocument(document, { viewColumn: vscode.ViewColumn.Beside, preview: true, preserveFocus: true });
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  private put(title: string, text: string): vscode.Uri {
    const uri = vscode.Uri.from({ scheme: viewScheme, path: `/${title.replace(/[\\/:?#]+/g, ' ')}` });
    this.texts.set(uri.path, text);
    this.changed.fire(uri);
    return uri;
  }
}
