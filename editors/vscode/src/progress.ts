// Commands that take their time: what the server is doing shows in a notification that can be cancelled, the query as far as a
// model has written it among it.

import * as vscode from 'vscode';
import { ExecuteCommandRequest, LanguageClient, WorkDoneProgress } from 'vscode-languageclient/node';

/** What is done sooner shows nothing: a notification that flashes is noise. */
const noticeableMs = 500;

let count = 0;

/** Runs a command of the server. */
export async function request(client: LanguageClient, command: string, args: unknown[]): Promise<unknown> {
  const cancel = new vscode.CancellationTokenSource();
  const workDoneToken = `nlq-command-${++count}`;
  let title = 'nlq';
  let message = '';
  let show = (): void => undefined;
  const listening = client.onProgress(WorkDoneProgress.type, workDoneToken, (value) => {
    if (value.kind === 'begin') title = value.title;
    if (value.kind !== 'end' && value.message) message = value.message;
    show();
  });
  const answer = client.sendRequest(ExecuteCommandRequest.type, { command, arguments: args, workDoneToken }, cancel.token);
  const notify = () =>
    vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title, cancellable: true }, (progress, cancelled) => {
      cancelled.onCancellationRequested(() => cancel.cancel());
      show = () => progress.report({ message });
      show();
      return answer.then(
        () => undefined,
        () => undefined,
      );
    });
  const timer = setTimeout(notify, noticeableMs);
  try {
    return await answer;
  } finally {
    clearTimeout(timer);
    listening.dispose();
    cancel.dispose();
  }
}
