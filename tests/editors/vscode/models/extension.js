// An extension that provides language models, as GitHub Copilot does, with the scripted model of tests/support/models behind them.
// NLQ_TEST_UPSTREAM is its address, NLQ_TEST_MODELS the names of its scenarios. VS Code asks the user before another extension may
// use a model whose name begins with `guarded`.

const vscode = require('vscode');

exports.activate = (context) => {
  for (const name of (process.env.NLQ_TEST_MODELS ?? '').split(' ').filter(Boolean)) {
    const metadata = {
      vendor: 'scripted', family: name, name, version: '1', maxInputTokens: 100_000, maxOutputTokens: 4096,
      capabilities: { toolCalling: true },
      auth: name.startsWith('guarded') ? { label: 'Scripted' } : undefined,
    };
    context.subscriptions.push(vscode.lm.registerChatModelProvider(name, provider(name), metadata));
  }
};

const provider = (model) => ({
  provideTokenCount: (text) => JSON.stringify(text).length >> 2,
  async provideLanguageModelResponse(messages, options, _extension, progress, token) {
    const abort = new AbortController();
    token.onCancellationRequested(() => abort.abort());
    const reply = await fetch(`${process.env.NLQ_TEST_UPSTREAM}/v1/chat/completions`, {
      method: 'POST',
      signal: abort.signal,
      body: JSON.stringify({
        model,
        stream: true,
        messages: messages.map(asMessage),
        tools: (options.tools ?? []).map(({ name, description, inputSchema }) => ({
          type: 'function', function: { name, description, parameters: inputSchema },
        })),
      }),
    });
    if (!reply.ok) throw new Error((await reply.json()).error.message);
    await play(reply.body, (part) => progress.report({ index: 0, part }));
  },
});

/** Reports the text as it comes, and the call, whose arguments come in pieces, once it is whole. */
async function play(body, report) {
  let name, args = '';
  for await (const { choices } of events(body)) {
    const delta = choices[0]?.delta ?? {};
    if (delta.content) report(new vscode.LanguageModelTextPart(delta.content));
    for (const call of delta.tool_calls ?? []) {
      name ??= call.function.name;
      args += call.function.arguments;
    }
  }
  if (name) report(new vscode.LanguageModelToolCallPart('call_1', name, JSON.parse(args)));
}

async function* events(body) {
  let rest = '';
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + text).split('\n\n');
    rest = parts.pop();
    for (const part of parts) if (part !== 'data: [DONE]') yield JSON.parse(part.slice('data: '.length));
  }
}

function asMessage({ role, content }) {
  const text = content.map((part) => part.value ?? JSON.stringify(part.input ?? part.content)).join('\n');
  return { role: role === vscode.LanguageModelChatMessageRole.Assistant ? 'assistant' : 'user', content: text };
}
