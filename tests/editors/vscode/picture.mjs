// picture.mjs FILE.png: takes the README's picture. A generated query, a misspelt column beside it, and its fix.

import { copyFileSync } from 'node:fs';
import { Editor } from './harness.mjs';

const editor = await Editor.start({ size: { width: 1100, height: 620 } });
try {
  await editor.open('try.sql');
  await editor.goto(1, 10);
  await editor.actions('Generate');
  await editor.pick('Generate');
  await editor.page.getByText('GROUP BY').first().waitFor();
  const lines = (await editor.saved('try.sql')).split('\n');
  const line = lines.findIndex((text) => text.includes('total_amount'));
  await editor.goto(line + 1, lines[line].indexOf('amount') + 4);
  await editor.page.keyboard.press('Delete');
  await editor.squiggles().first().waitFor();
  await editor.hover('total_amont', 'total_amount');
  copyFileSync(await editor.picture('readme'), process.argv[2]);
} finally {
  await editor.stop();
}
