// picture.mjs FILE.png: takes the README's picture: a question in a comment, its answer below it, and a hover with what the
// team wrote about a column.

import { copyFileSync } from 'node:fs';
import { Editor, until } from './harness.mjs';

const editor = await Editor.start({
  size: { width: 920, height: 520 },
  scale: 1.5,
  settings: {
    'breadcrumbs.enabled': false,
    'editor.hover.above': false,
    'editor.lightbulb.enabled': 'off',
    'editor.wordWrap': 'on',
    'workbench.activityBar.location': 'hidden',
    'workbench.layoutControl.enabled': false,
  },
});
try {
  const { page } = editor;
  await editor.open('report.sql');
  await editor.command('View: Toggle Primary Side Bar Visibility');
  await until(async () => (await page.getByText('Run', { exact: true }).count()) > 0, 'the lenses are there');
  await editor.goto(1);
  await editor.hover('total_amount', 'What the customer pays');
  copyFileSync(await editor.picture('readme'), process.argv[2]);
} finally {
  await editor.stop();
}
