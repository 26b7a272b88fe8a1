// Bundles the extension into out/extension.js and puts the licences beside it, where the package takes them from.
import { copyFileSync } from 'node:fs';
import * as esbuild from 'esbuild';

const options = {
  entryPoints: ['src/extension.ts'],
  outfile: 'out/extension.js',
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  external: ['vscode'],
  minify: true,
  sourcemap: false,
  logLevel: 'info',
};

for (const licence of ['LICENSE-APACHE', 'LICENSE-MIT']) copyFileSync(`../../${licence}`, licence);

if (process.argv.includes('--watch')) {
  await (await esbuild.context({ ...options, minify: false, sourcemap: true })).watch();
} else {
  await esbuild.build(options);
}
