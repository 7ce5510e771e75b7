import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import first from './en.json';
import { languages, pickLanguage, translate } from './index';
import models from './later/models.json';
import priors from './later/priors.json';
import privacy from './later/privacy.json';
import settings from './later/settings.json';

const en = { ...first, ...models, ...priors, ...privacy, ...settings };
const folder = join(process.cwd(), 'src/i18n');
const others = readdirSync(folder).filter((name) => name.endsWith('.json') && name !== 'en.json');
const slots = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();

interface Coded {
  properties: { code: { enum?: string[]; $ref?: string } };
}
const { schemas } = (
  JSON.parse(readFileSync(join(process.cwd(), 'openapi.json'), 'utf8')) as {
    components: { schemas: Record<string, Coded & { enum?: string[] }> };
  }
).components;

/** The words that the `code` of a schema may be. */
function codes(schema: string): string[] {
  const code = schemas[schema]?.properties.code;
  const words = code?.enum ?? schemas[code?.$ref?.split('/').at(-1) ?? '']?.enum;
  expect(words, `${schema} does not say which codes there are`).toBeTruthy();
  return words as string[];
}

describe('texts', () => {
  it.each([
    ['FieldError', ['field'], 15],
    ['ProblemBody', ['problem'], 45],
    ['Rejected', ['file', 'problem'], 20],
    ['UploadWarning', ['warning'], 6],
  ] as const)('say every code of %s that the interface names, in every language', (schema, prefixes, least) => {
    const words = codes(schema);
    expect(words.length).toBeGreaterThanOrEqual(least);
    for (const name of ['en.json', ...others]) {
      const texts = JSON.parse(readFileSync(join(folder, name), 'utf8')) as Record<string, string>;
      const missing = words.filter((word) => !prefixes.some((prefix) => texts[`${prefix}.${word}`]?.trim()));
      expect(missing, `${schema} in ${name}`).toEqual([]);
    }
  });

  it('exist in more than one language', () => {
    expect(others.length).toBeGreaterThan(0);
    expect(languages).toContain('de');
  });

  it.each(others)('%s is complete and keeps every slot', (name) => {
    const texts = JSON.parse(readFileSync(join(folder, name), 'utf8')) as Record<string, string>;
    expect(Object.keys(texts).sort()).toEqual(Object.keys(en).sort());
    for (const [key, text] of Object.entries(en)) {
      expect(texts[key]?.trim(), key).toBeTruthy();
      expect(slots(texts[key] as string), key).toEqual(slots(text));
    }
  });

  it('fall back to English, and then to the key', () => {
    expect(translate({}, 'de', 'common.save')).toBe('Save');
    expect(translate({}, 'de', 'no.such.text')).toBe('no.such.text');
  });

  it('choose the form that goes with a number', () => {
    expect(translate(en, 'en', 'upload.send', { count: 1 })).toBe('Send 1 examination');
    expect(translate(en, 'en', 'upload.send', { count: 3 })).toBe('Send 3 examinations');
  });

  it('suit the browser', () => {
    expect(pickLanguage(['fr-FR', 'de-AT'])).toBe('de');
    expect(pickLanguage(['fr'])).toBe('en');
  });
});
