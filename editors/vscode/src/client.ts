// The language client, quiet about failures that the user has already been told of.

import type { CancellationToken } from 'vscode';
import { LSPErrorCodes, LanguageClient, MessageSignature, ResponseError } from 'vscode-languageclient/node';

/** The server tells of its own failures by `window/showMessage`; a cancel is the user's. */
const told: number[] = [LSPErrorCodes.RequestFailed, LSPErrorCodes.RequestCancelled, LSPErrorCodes.ServerCancelled];

/** Whether a failed request needs no further words. */
export function isTold(error: unknown): boolean {
  return error instanceof ResponseError && told.includes(error.code);
}

export class NlqClient extends LanguageClient {
  override handleFailedRequest<T>(
    type: MessageSignature,
    token: CancellationToken | undefined,
    error: unknown,
    defaultValue: T,
    showNotification?: boolean,
  ): T {
    return isTold(error) ? defaultValue : super.handleFailedRequest(type, token, error, defaultValue, showNotification);
  }
}
