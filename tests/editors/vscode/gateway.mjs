// The scripted model and the gateways in front of it (tests/support/models), for the editors' tests.

import { spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));

export class Gateway {
  /** @param {string[]} args as tests/support/models/__main__.py takes them */
  static async start(...args) {
    const gateway = new Gateway();
    const given = ['--script', path.join(here, '../models.json'), ...args];
    gateway.process = spawn('python3', ['-B', path.join(here, '../../support/models'), ...given], { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines = createInterface({ input: gateway.process.stdout })[Symbol.asyncIterator]();
    const { value, done } = await lines.next();
    if (done) throw new Error('the scripted model did not start');
    Object.assign(gateway, JSON.parse(value));
    return gateway;
  }

  /** Adds to what is played (tests/support/models/scenarios.py). */
  async script(script) {
    const reply = await fetch(`${this.upstream}/script`, { method: 'POST', body: JSON.stringify(script) });
    if (!reply.ok) throw new Error(`the script was not taken: ${reply.status}`);
  }

  /** The end of its standard input ends it and the gateways. */
  stop() {
    this.process.stdin.end();
  }
}
