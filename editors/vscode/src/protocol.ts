// What nlq adds to the language server protocol: the commands of workspace/executeCommand and the nlq/ notifications.

import { NotificationType, RequestType } from 'vscode-languageclient/node';

/** How the connection of a workspace stands. `root` is the folder of nlq.yaml. */
export interface Status {
  connection: string | null;
  dialect: string | null;
  state: 'idle' | 'connecting' | 'ready' | 'failed' | 'untrusted' | 'no-config' | 'no-schema';
  message: string;
  root: string | null;
}

/** Server to client, whenever a connection's state changes. */
export const statusNotification = new NotificationType<Status>('nlq/status');

/** Client to server, once the user trusts the workspace; the parameters are an empty object. */
export const didGrantTrust = new NotificationType<object>('nlq/didGrantTrust');

/** One value of a row, as JSON; text stays text, so a number that JSON cannot hold arrives as text. */
export type Cell = string | number | boolean | null | object;

/** Answer of `nlq.run`. */
export interface RunResult {
  connection: string;
  sql: string;
  columns: { name: string; type: string }[];
  rows: Cell[][];
  /** Which limit cut the rows off. */
  truncated: null | 'rows' | 'bytes';
  elapsed_ms: number;
}

/** Answer of `nlq.explainPlan`. */
export interface PlanResult {
  connection: string;
  sql: string;
  plan: string;
}

/** Answer of `nlq.showReasoning`. */
export interface ReasoningResult {
  title: string;
  markdown: string;
}

/** Answer of `nlq.refreshSchema`. */
export interface RefreshResult {
  connection: string;
  tables: number;
  changed: boolean;
}

/** Answer of `nlq.testConnection`. */
export interface TestResult {
  connection: string;
  ok: boolean;
  message: string;
}

/** Answer of `nlq.trust`. */
export interface TrustResult {
  trusted: boolean;
}

/** One message of a conversation with a language model. */
export interface Message {
  role: 'user' | 'assistant';
  text: string;
  calls?: { id: string; name: string; arguments: object | null }[];
  results?: { id: string; text: string; is_error: boolean }[];
}

/** What the server asks a language model of the editor. */
export interface Complete {
  id: string;
  profile: string;
  /** The wanted family or id; any model when there is none. */
  model?: string | null;
  system: string;
  messages: Message[];
  tools: { name: string; description: string; parameters: object }[];
  /** The tool that must be called. */
  must_call: string | null;
  temperature: number | null;
  max_tokens: number;
}

/** What the model said. */
export interface Completion {
  text: string;
  calls: { id: string; name: string; arguments: object }[];
  stop: 'end' | 'tool_use' | 'length' | 'refusal';
  usage: { input: number; output: number; cache_read: number; cache_write: number } | null;
  /** `vendor/family` */
  model: string;
}

/** The data of its failures. */
export interface CompleteFailure {
  kind: 'not_available' | 'refused' | 'rate_limited' | 'context_length' | 'cancelled' | 'failed';
}

/** Server to client; cancelled by `$/cancelRequest`. */
export const completeRequest = new RequestType<Complete, Completion, CompleteFailure>('nlq/llm/complete');

/** Client to server: a piece of the text of the completion with that id. */
export const completeDelta = new NotificationType<{ id: string; text: string }>('nlq/llm/delta');
