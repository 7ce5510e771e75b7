// Writes src/api/schema.ts from openapi.json.
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { typesOf } from './document.mjs';

const root = resolve(import.meta.dirname, '..');
const document = JSON.parse(readFileSync(resolve(root, 'openapi.json'), 'utf8'));
writeFileSync(resolve(root, 'src/api/schema.ts'), await typesOf(document));
