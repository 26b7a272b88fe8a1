// What a user of VS Code sees of language models: through the LiteLLM gateway, and VS Code's own.

import assert from 'node:assert/strict';
import { until } from './harness.mjs';

const key = 'NLQ_TEST_KEY';

/** What is appended to the workspace's nlq.yaml; no answer is left open that another call would judge. */
const config = (profile) => `
orchestrator: { use_model: always, confidence_threshold: 0.6 }
agents: { query_builder: { candidates: 1 } }
prices: [{ model: scripted, input: 3, output: 15 }]
models:
  default: { ${profile} }
`;

/** Options of an editor whose questions go through LiteLLM. */
export function throughGateway(gateway) {
  process.env[key] = gateway.master_key;
  return { config: config(`service: openai, base_url: "${gateway.litellm}/v1", api_key: "\${env:${key}}", model: scripted`) };
}

/** Options of an editor with models of its own. */
export const ownModels = (gateway) => ({
  config: config('service: editor, model: scripted'), models: ['other', 'scripted'], upstream: gateway.upstream,
});

/** Options of an editor that asks its user before it lends its model. */
export const guardedModel = (gateway) => ({
  config: config('service: editor, model: guarded'), models: ['guarded'], upstream: gateway.upstream,
});

/** Options of an editor that is asked for its model and has none. */
export const noModels = { config: config('service: editor') };

const unicorns = 'how happy are the unicorns';

/** Puts the cursor on the question that only a model answers, and asks for its query. */
async function generate(editor) {
  await editor.open('ask.sql');
  let line = 0;
  await until(async () => (line = (await editor.text()).split('\n').findIndex((text) => text.includes(unicorns)) + 1) > 0, 'the question is shown');
  await editor.goto(line, 12);
  await editor.command('nlq: Generate Query for This Prompt');
}

const written = (editor) => until(async () => /avg\(rating\)/.test(await editor.text()), 'the query stands there');

/** A picture once what appears has faded in. */
async function picture(editor, name) {
  await new Promise((done) => setTimeout(done, 700));
  await editor.picture(name);
}

const toast = (editor, text) => editor.page.locator('.notification-toast').filter({ hasText: text }).first();

/** The reasoning document of the question at the cursor, as text. */
async function reasoning(editor) {
  await editor.command('nlq: Show Reasoning');
  await editor.page.getByRole('tab', { name: /^Preview/ }).waitFor();
  const body = editor.page.frameLocator('iframe.webview.ready').frameLocator('#active-frame').locator('body');
  await body.getByText('Model Calls').first().waitFor();
  return body.innerText();
}

export const gatewayTests = (gateway) => ({
  async 'the query can be watched while a model writes it'(editor) {
    await gateway.script({ models: { scripted: 'slow' } });
    await generate(editor);
    await toast(editor, /SELECT avg/).waitFor();
    await editor.picture('model-streaming');
    await written(editor);
    assert.match(await editor.saved('ask.sql'), /unicorns\nSELECT avg\(rating\) AS happiness\nFROM reviews/);
    await picture(editor, 'model-answer');
  },

  async 'a repair shows in the reasoning, and what it cost'(editor) {
    await gateway.script({ models: { scripted: 'repaired' } });
    await generate(editor);
    await written(editor);
    const text = await reasoning(editor);
    for (const part of ['wrong_column', 'Repairing', '2 calls', '$']) assert.ok(text.includes(part), `no ${part} in ${text}`);
    await picture(editor, 'model-repair');
  },

  async 'a cancel leaves the document as it was'(editor) {
    await gateway.script({ models: { scripted: 'slow' } });
    await editor.open('ask.sql');
    const before = await editor.text();
    await generate(editor);
    const watched = toast(editor, /SELECT avg/);
    await watched.waitFor();
    await watched.hover();
    await watched.getByRole('button', { name: 'Cancel' }).click();
    await watched.waitFor({ state: 'hidden' });
    await editor.picture('model-cancelled');
    await new Promise((done) => setTimeout(done, 5000)); // longer than the whole reply takes
    assert.equal(await editor.text(), before);
  },

  async 'a refusal is told'(editor) {
    await gateway.script({ models: { scripted: 'refusal' } });
    await generate(editor);
    await toast(editor, 'declined').waitFor();
    await picture(editor, 'model-refusal');
    assert.match(await editor.saved('ask.sql'), /unicorns\n$/, 'nothing was written');
  },
});

export const ownModelTests = (gateway) => ({
  async "the editor's own model answers"(editor) {
    await gateway.script({ models: { scripted: 'right', other: 'refusal' } });
    await generate(editor);
    await written(editor);
    await picture(editor, 'own-model');
    assert.match(await reasoning(editor), /editor\/scripted/);
  },

  async "the editor's own model is asked again with what was wrong"(editor) {
    await gateway.script({ models: { scripted: 'repaired' } });
    await generate(editor);
    await written(editor);
    assert.match(await reasoning(editor), /Repairing/);
  },

  async "a failure of the editor's own model is told"(editor) {
    await gateway.script({ models: { scripted: 'busy' } });
    await generate(editor);
    await toast(editor, 'takes no more requests').waitFor();
    await picture(editor, 'own-model-busy');
  },
});

export const guardedModelTests = (gateway) => ({
  async 'the user is asked before the model of another extension is used'(editor) {
    await gateway.script({ models: { guarded: 'right' } });
    const dialog = editor.page.locator('.monaco-dialog-box');
    await generate(editor);
    await dialog.waitFor();
    await picture(editor, 'model-consent');
    assert.match(await dialog.innerText(), /nlq/);
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await toast(editor, 'was not allowed').waitFor();
    await picture(editor, 'model-denied');
    await generate(editor);
    await dialog.waitFor();
    await dialog.getByRole('button', { name: 'Allow' }).click();
    await written(editor);
  },
});

export const noModelTests = {
  async 'an editor without a model says so, with a way out'(editor) {
    await generate(editor);
    await toast(editor, 'VS Code has none').waitFor();
    await toast(editor, 'offers no such model').waitFor();
    await picture(editor, 'no-model');
  },
};
