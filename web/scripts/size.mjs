// Fails when the first load (page, sign-in and reading queue; without the viewer) is more than 250 kB gzip of script
// and style. The files are found by following imports from index.html and from the lazy chunks of those pages.
import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { gzipSync } from 'node:zlib';

const LIMIT = 250_000;
const dist = resolve(import.meta.dirname, '../dist');
const assets = readdirSync(resolve(dist, 'assets'));
const wanted = new Set();

function follow(name) {
  if (wanted.has(name)) return;
  wanted.add(name);
  if (!name.endsWith('.js')) return;
  const source = readFileSync(resolve(dist, 'assets', name), 'utf8');
  for (const [, next] of source.matchAll(/(?:from|import)\s*["']\.\/([^"']+\.js)["']/g)) follow(next);
}

const page = readFileSync(resolve(dist, 'index.html'), 'utf8');
for (const [, name] of page.matchAll(/\/assets\/([^"']+\.(?:js|css))/g)) follow(name);
for (const chunk of ['VisitorLayout', 'SignInPage', 'ReadingRoom']) {
  const parts = assets.filter((name) => name.startsWith(`${chunk}-`) && /\.(js|css)$/.test(name));
  if (!parts.some((name) => name.endsWith('.js'))) throw new Error(`dist holds no chunk ${chunk}`);
  parts.forEach(follow);
}

const sizes = [...wanted].map((name) => [
  name,
  gzipSync(readFileSync(resolve(dist, 'assets', name)), { level: 9 }).length,
]);
const total = sizes.reduce((sum, [, size]) => sum + size, 0);
if (process.argv.includes('--list')) {
  for (const [name, size] of sizes.sort((a, b) => b[1] - a[1])) console.log(`${String(size).padStart(8)}  ${name}`);
}
console.log(`First load: ${(total / 1000).toFixed(1)} kB gzip in ${sizes.length} files (limit ${LIMIT / 1000} kB)`);
if ([...wanted].some((name) => name.startsWith('Viewer-') && name.endsWith('.js')))
  throw new Error('the viewer is in the first load');
if (total > LIMIT) process.exit(1);
