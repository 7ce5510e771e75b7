import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from 'react';
import en from './en.json';
import type models from './later/models.json';
import type priors from './later/priors.json';
import type privacy from './later/privacy.json';
import type settings from './later/settings.json';

/** A text of the interface. `en.json` names those of the first load, `later/` those of pages that few people open. */
export type TextKey =
  | keyof typeof en
  | keyof typeof models
  | keyof typeof priors
  | keyof typeof privacy
  | keyof typeof settings;
type Values = Record<string, string | number>;

// A further language is one further file here.
const files = import.meta.glob<{ default: Partial<Record<string, string>> }>(['./*.json', '!./en.json']);

/** English, which is spoken where a language lacks a text. */
const english: Partial<Record<string, string>> = { ...en };

/** Adds English texts of pages that are loaded later. */
export function addEnglish(texts: Partial<Record<string, string>>) {
  Object.assign(english, texts);
}

/** The languages that the interface speaks, as codes such as `de`. */
export const languages: string[] = ['en', ...Object.keys(files).map((path) => path.slice(2, -5))].sort();

/** A language's own name for itself. */
export function languageName(code: string): string {
  return new Intl.DisplayNames([code], { type: 'language' }).of(code) ?? code;
}

/** The best language for a browser that wants these. */
export function pickLanguage(wanted: readonly string[]): string {
  for (const tag of wanted) {
    const code = tag.toLowerCase().split('-')[0] ?? '';
    if (languages.includes(code)) return code;
  }
  return 'en';
}

/** Fills `{name}` in; `{count}` chooses between `key_one` and `key_other` where there are such. */
export function translate(
  texts: Partial<Record<string, string>>,
  language: string,
  key: string,
  values?: Values,
): string {
  let text = texts[key] ?? english[key] ?? key;
  if (values && typeof values.count === 'number') {
    const form = new Intl.PluralRules(language).select(values.count);
    text = texts[`${key}_${form}`] ?? texts[`${key}_other`] ?? text;
  }
  return values ? text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole)) : text;
}

export type Translate = (key: TextKey, values?: Values) => string;

export interface Speech {
  language: string;
  setLanguage: (code: string) => void;
  t: Translate;
  /** A text whose key comes from the server, or nothing when there is none. */
  maybe: (key: string, values?: Values) => string | undefined;
}

const SpeechContext = createContext<Speech | null>(null);
const STORAGE = 'portal-language';

export function I18nProvider({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState(
    () => localStorage.getItem(STORAGE) ?? pickLanguage(navigator.languages ?? ['en']),
  );
  const [loaded, setLoaded] = useState<{ language: string; texts: Partial<Record<string, string>> } | null>(
    language === 'en' ? { language: 'en', texts: english } : null,
  );

  useEffect(() => {
    let current = true;
    const load = files[`./${language}.json`];
    if (!load) {
      setLoaded({ language: 'en', texts: english });
      return;
    }
    void load().then((file) => current && setLoaded({ language, texts: file.default }));
    return () => {
      current = false;
    };
  }, [language]);

  useEffect(() => {
    if (loaded) document.documentElement.lang = loaded.language;
  }, [loaded]);

  const speech = useMemo<Speech | null>(() => {
    if (!loaded) return null;
    return {
      language: loaded.language,
      setLanguage: (code) => {
        localStorage.setItem(STORAGE, code);
        setLanguage(code);
      },
      t: (key, values) => translate(loaded.texts, loaded.language, key, values),
      maybe: (key, values) =>
        key in english || key in loaded.texts ? translate(loaded.texts, loaded.language, key, values) : undefined,
    };
  }, [loaded]);

  return speech && <SpeechContext.Provider value={speech}>{children}</SpeechContext.Provider>;
}

export function useSpeech(): Speech {
  const speech = useContext(SpeechContext);
  if (!speech) throw new Error('useSpeech needs an I18nProvider above it');
  return speech;
}

/** The function that turns a key into a text. */
export function useT(): Translate {
  return useSpeech().t;
}
