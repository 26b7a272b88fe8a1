// The editor's own language models, lent to the server: a profile of nlq.yaml with `service: editor` is answered here. Which
// model that is, whether nlq may use it and what it costs is between the user and the extension that provides it.

import * as vscode from 'vscode';
import { ErrorCodes, LSPErrorCodes, LanguageClient, ResponseError } from 'vscode-languageclient/node';
import { Complete, CompleteFailure, Completion, Message, completeDelta, completeRequest } from './protocol';

/** Extensions that provide models are still starting when the first question comes; this long is waited for the first model. */
const startingMs = 3000;

const providers = 'https://code.visualstudio.com/docs/copilot/language-models';

/** Answers the server's `nlq/llm/complete` until the client is disposed. */
export function lendModels(client: LanguageClient): void {
  client.onRequest(completeRequest, async (params, token) => {
    try {
      const told = (text: string) => void client.sendNotification(completeDelta, { id: params.id, text });
      return await complete(params, told, token);
    } catch (error) {
      return token.isCancellationRequested ? failure('cancelled', 'cancelled') : asFailure(error);
    }
  });
}

async function complete(params: Complete, told: (text: string) => void, token: vscode.CancellationToken): Promise<Completion> {
  const model = await pick(params.model);
  // The API has no system messages.
  const system = params.system === '' ? [] : [vscode.LanguageModelChatMessage.User(params.system)];
  const messages = [...system, ...params.messages.map(asMessage)];
  // Many providers can force a call only of the one tool that they are given.
  const tools = params.tools.filter((tool) => !params.must_call || tool.name === params.must_call);
  const response = await model.sendRequest(
    messages,
    {
      justification: 'nlq asks it for the queries that answer your questions.',
      tools: tools.map(({ name, description, parameters }) => ({ name, description, inputSchema: parameters })),
      toolMode: params.must_call ? vscode.LanguageModelChatToolMode.Required : vscode.LanguageModelChatToolMode.Auto,
      modelOptions: { max_tokens: params.max_tokens, ...(params.temperature === null ? {} : { temperature: params.temperature }) },
    },
    token,
  );
  const completion: Completion = { text: '', calls: [], stop: 'end', usage: null, model: `${model.vendor}/${model.family}` };
  for await (const part of response.stream) {
    if (part instanceof vscode.LanguageModelTextPart) {
      completion.text += part.value;
      told(part.value);
    } else if (part instanceof vscode.LanguageModelToolCallPart) {
      completion.calls.push({ id: part.callId, name: part.name, arguments: part.input });
      completion.stop = 'tool_use';
    }
  }
  if (token.isCancellationRequested) throw new vscode.CancellationError();
  completion.usage = await usage(model, messages, completion);
  return completion;
}

/** The model of that id or family, `vendor/` before it or not; any when none is named. */
async function pick(wanted?: string | null): Promise<vscode.LanguageModelChat> {
  const models = await available();
  if (models.length === 0) {
    void offerProviders();
    throw failure('not_available', 'VS Code has no language model: sign in to GitHub Copilot, or install another extension that provides one');
  }
  const names = ({ vendor, family, id }: vscode.LanguageModelChat) => [family, id, `${vendor}/${family}`, `${vendor}/${id}`];
  const model = wanted == null ? models[0] : models.find((one) => names(one).includes(wanted));
  if (model) return model;
  const known = [...new Set(models.map((one) => `${one.vendor}/${one.family}`))].join(', ');
  throw failure('not_available', `VS Code has no language model ${wanted}; it has ${known}`);
}

async function available(): Promise<vscode.LanguageModelChat[]> {
  const models = await vscode.lm.selectChatModels();
  if (models.length > 0) return models;
  await new Promise<void>((done) => {
    const change = vscode.lm.onDidChangeChatModels(() => finish());
    const timer = setTimeout(() => finish(), startingMs);
    const finish = () => {
      change.dispose();
      clearTimeout(timer);
      done();
    };
  });
  return vscode.lm.selectChatModels();
}

let offered = false;

/** Once a session: the server tells of each failure itself. */
async function offerProviders(): Promise<void> {
  if (offered) return;
  offered = true;
  const message = 'nlq: nlq.yaml asks for a language model of the editor, and VS Code has none.';
  const picked = await vscode.window.showWarningMessage(message, 'How to Get One');
  if (picked) await vscode.env.openExternal(vscode.Uri.parse(providers));
}

function asMessage({ role, text, calls = [], results = [] }: Message): vscode.LanguageModelChatMessage {
  if (role === 'assistant') {
    const called = calls.map((call) => new vscode.LanguageModelToolCallPart(call.id, call.name, call.arguments ?? {}));
    const message = vscode.LanguageModelChatMessage.Assistant('');
    message.content = [...(text === '' ? [] : [new vscode.LanguageModelTextPart(text)]), ...called];
    return message;
  }
  const given = results.map((result) => new vscode.LanguageModelToolResultPart(result.id, [new vscode.LanguageModelTextPart(result.text)]));
  const message = vscode.LanguageModelChatMessage.User('');
  message.content = [...given, ...(text === '' ? [] : [new vscode.LanguageModelTextPart(text)])];
  return message;
}

/** As the model's own tokenizer counts; the editor does not tell what was billed. */
async function usage(
  model: vscode.LanguageModelChat,
  messages: vscode.LanguageModelChatMessage[],
  { text, calls }: Completion,
): Promise<Completion['usage']> {
  try {
    const said = text + calls.map((call) => JSON.stringify(call.arguments)).join('');
    const [output, ...input] = await Promise.all([said, ...messages].map((one) => model.countTokens(one)));
    return { input: input.reduce((sum, count) => sum + count, 0), output, cache_read: 0, cache_write: 0 };
  } catch {
    return null; // a provider that cannot count has answered all the same
  }
}

function failure(kind: CompleteFailure['kind'], message: string): ResponseError<CompleteFailure> {
  return new ResponseError(kind === 'cancelled' ? LSPErrorCodes.RequestCancelled : ErrorCodes.InternalError, message, { kind });
}

function asFailure(error: unknown): ResponseError<CompleteFailure> {
  if (error instanceof ResponseError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof vscode.LanguageModelError ? error.code : '';
  if (code === vscode.LanguageModelError.NoPermissions.name) {
    return failure('not_available', 'nlq was not allowed to use the language model of VS Code; ask again to be asked again');
  }
  if (code === vscode.LanguageModelError.NotFound.name) return failure('not_available', message);
  // What a provider itself says has no code of its own: its words tell.
  const reason = `${message} ${error instanceof Error && error.cause instanceof Error ? error.cause.message : ''}`;
  if (/rate.?limit|quota|too many requests|429/i.test(reason)) return failure('rate_limited', message);
  if (/context.{0,10}(length|window)|too long|(maximum|limit).{0,30}tokens|token limit/i.test(reason)) return failure('context_length', message);
  if (code === vscode.LanguageModelError.Blocked.name) return failure('refused', message);
  return failure('failed', message);
}
