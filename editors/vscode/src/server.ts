// Finds the nlq program.

import { accessSync, constants, existsSync } from 'node:fs';
import { homedir } from 'node:os';
import * as path from 'node:path';
import * as vscode from 'vscode';

const program = process.platform === 'win32' ? 'nlq.exe' : 'nlq';

/** The program to start, or one sentence that says why there is none. */
export type Found = { path: string } | { problem: string };

/** The setting, else the program that came with the extension, else the one on PATH. */
export function findServer(context: vscode.ExtensionContext): Found {
  const setting = vscode.workspace.getConfiguration('nlq').get<string>('server.path', '').trim();
  if (setting !== '') {
    const file = expand(setting);
    return isProgram(file) ? { path: file } : { problem: `the setting nlq.server.path names ${file}, which is not a program` };
  }
  const bundled = context.asAbsolutePath(path.join('server', program));
  if (isProgram(bundled)) return { path: bundled };
  for (const folder of (process.env.PATH ?? '').split(path.delimiter)) {
    const file = path.join(folder, program);
    if (path.isAbsolute(folder) && isProgram(file)) return { path: file };
  }
  return { problem: 'the nlq program is neither in the extension nor on PATH' };
}

function expand(setting: string): string {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? '';
  const file = setting.replace(/^~(?=[\\/])/, homedir()).replaceAll('${workspaceFolder}', folder);
  return path.resolve(folder, file);
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return existsSync(file);
  } catch {
    return false;
  }
}
