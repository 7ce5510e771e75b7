// Fails when src/api/schema.ts is not what openapi.json makes, or, given a file or address as argument, when
// openapi.json is not what the server says.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { typesOf } from './document.mjs';

const root = resolve(import.meta.dirname, '..');
const committed = readFileSync(resolve(root, 'openapi.json'), 'utf8');
const made = await typesOf(JSON.parse(committed));
if (made !== readFileSync(resolve(root, 'src/api/schema.ts'), 'utf8')) {
  console.error('src/api/schema.ts is out of step with openapi.json: run `npm run generate` and commit the result.');
  process.exit(1);
}
const other = process.argv[2];
if (other) {
  const text = /^https?:/.test(other) ? await (await fetch(other)).text() : readFileSync(other, 'utf8');
  if (JSON.stringify(JSON.parse(text)) !== JSON.stringify(JSON.parse(committed))) {
    console.error(`openapi.json is out of step with ${other}: copy it here, run \`npm run generate\` and commit both.`);
    process.exit(1);
  }
}
console.log('The API types are in step.');
