// picture.mjs FOLDER [NAME...]: takes the documentation's pictures, all or those named, into FOLDER/NAME.png.

import { copyFileSync } from 'node:fs';
import path from 'node:path';
import { Editor, until } from './harness.mjs';

const scenes = {
  // The README's: a question in a comment, its answer below it, and a hover with what the team wrote about a column.
  async vscode(editor) {
    await editor.open('report.sql');
    await until(async () => (await editor.page.getByText('Run', { exact: true }).count()) > 0, 'the lenses are there');
    await editor.goto(1);
    await editor.hover('total_amount', 'What the customer pays');
  },

  async links(editor) {
    await editor.open('ask.sql');
    await editor.goto(1, 40);
    await editor.type(' per country in 2024 for wombats');
    await until(async () => (await editor.look('wombats'))?.underlined, 'the unknown word is underlined');
    await editor.hover('country', 'customers.country');
  },

  async clarification(editor) {
    await editor.open('ask.sql');
    await editor.page.getByText('asks:').first().waitFor();
    await editor.goto(3, 20);
    await editor.actions('I mean orders.placed_at');
  },

  async refusal(editor) {
    await editor.open('ask.sql');
    await editor.page.locator('.squiggly-warning').first().waitFor();
    await editor.hover('happy', /unknown-entity|unmappable-concept/);
  },
};

const [folder, ...names] = process.argv.slice(2);
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
  let bar = true;
  for (const name of names.length > 0 ? names : Object.keys(scenes)) {
    await editor.reset();
    if (!bar) await editor.command('View: Toggle Primary Side Bar Visibility');
    // Files are opened from the side bar, which is in the way of the picture.
    const open = editor.open.bind(editor);
    editor.open = async (file) => {
      await open(file);
      await editor.command('View: Toggle Primary Side Bar Visibility');
    };
    await editor.page.setViewportSize({ width: 920, height: name === 'vscode' ? 520 : 400 });
    await scenes[name](editor);
    // Hovers fade in.
    await new Promise((done) => setTimeout(done, 1000));
    copyFileSync(await editor.picture(name), path.join(folder, `${name}.png`));
    editor.open = open;
    bar = false;
  }
} finally {
  await editor.stop();
}
