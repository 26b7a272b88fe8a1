// pictures.mjs FOLDER: renders each nvim-*.txt there, a screen as `tmux capture-pane -p -e` writes it, as a PNG of the same name.

import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const tools = createRequire(path.join(process.env.NLQ_TEST_TOOLS, 'playwright', 'x.js'));
const { chromium } = tools('playwright-core');

const foreground = '#d4d4d4';
const background = '#14161b';
const sixteen = [
  '#07080d', '#ffc0b9', '#b3f6c0', '#fce094', '#a6dbff', '#ffcaff', '#8cf8f7', '#eef1f8',
  '#4f5258', '#ffc0b9', '#b3f6c0', '#fce094', '#a6dbff', '#ffcaff', '#8cf8f7', '#eef1f8',
];

function indexed(n) {
  if (n < 16) return sixteen[n];
  if (n >= 232) return `rgb(${Array(3).fill(8 + (n - 232) * 10)})`;
  const level = (v) => (v === 0 ? 0 : 55 + v * 40);
  const m = n - 16;
  return `rgb(${[Math.floor(m / 36), Math.floor(m / 6) % 6, m % 6].map(level)})`;
}

/** Applies the parameters of one SGR sequence to a style. */
function sgr(style, parameters) {
  const codes = parameters === '' ? ['0'] : parameters.split(';');
  for (let i = 0; i < codes.length; i += 1) {
    const [code, sub] = codes[i].split(':').map(Number);
    const color = () => {
      const mode = Number(codes[i + 1]);
      const found = mode === 5 ? indexed(Number(codes[i + 2])) : `rgb(${codes.slice(i + 2, i + 5)})`;
      i += mode === 5 ? 2 : 4;
      return found;
    };
    if (code === 0) for (const key of Object.keys(style)) delete style[key];
    else if (code === 1) style.bold = true;
    else if (code === 3) style.italic = true;
    else if (code === 4) style.underline = sub === 3 ? 'underline wavy' : sub === 0 ? undefined : 'underline';
    else if (code === 7) style.reverse = true;
    else if (code === 22) style.bold = false;
    else if (code === 23) style.italic = false;
    else if (code === 24) style.underline = undefined;
    else if (code === 27) style.reverse = false;
    else if (code === 38 && codes[i].includes(':')) continue;
    else if (code === 38) style.color = color();
    else if (code === 48) style.background = color();
    else if (code === 58 && !codes[i].includes(':')) color();
    else if (code === 39) style.color = undefined;
    else if (code === 49) style.background = undefined;
    else if (code >= 30 && code <= 37) style.color = sixteen[code - 30];
    else if (code >= 40 && code <= 47) style.background = sixteen[code - 40];
    else if (code >= 90 && code <= 97) style.color = sixteen[code - 82];
    else if (code >= 100 && code <= 107) style.background = sixteen[code - 92];
  }
}

function css(style) {
  let [color, back] = [style.color ?? foreground, style.background ?? background];
  if (style.reverse) [color, back] = [back, color];
  const more = [
    style.bold && 'font-weight:bold',
    style.italic && 'font-style:italic',
    style.underline && `text-decoration:${style.underline}`,
  ];
  return [`color:${color}`, `background:${back}`, ...more.filter(Boolean)].join(';');
}

function html(screen) {
  const style = {};
  const escape = (text) => text.replace(/[&<>]/g, (c) => `&#${c.codePointAt(0)};`);
  const body = screen
    .split(/(\x1b\[[\d;:]*m)/)
    .map((part) => {
      const found = /^\x1b\[([\d;:]*)m$/.exec(part);
      if (found) sgr(style, found[1]);
      return found || part === '' ? '' : `<span style="${css(style)}">${escape(part)}</span>`;
    })
    .join('');
  return `<body style="margin:0;background:${background}"><pre style="display:inline-block;margin:0;padding:8px;font:14px/1.25 monospace">${body}</pre>`;
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
});
const page = await browser.newPage();
const folder = process.argv[2];
for (const name of readdirSync(folder).filter((file) => /^nvim-.*\.txt$/.test(file))) {
  await page.setContent(html(readFileSync(path.join(folder, name), 'utf8')));
  await page.locator('pre').screenshot({ path: path.join(folder, name.replace(/txt$/, 'png')) });
}
await browser.close();
