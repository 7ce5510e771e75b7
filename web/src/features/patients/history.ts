import { linesOf, type MedicalHistory } from '@/api/types';

export const historyLists = [
  'conditions',
  'allergies',
  'medications',
  'family_history',
  'previous_procedures',
] as const;
export type HistoryList = (typeof historyLists)[number];

export const lifestyleParts = ['smoking', 'alcohol', 'exercise'] as const;
export type LifestylePart = (typeof lifestyleParts)[number];

/** The entries of a list as texts, one an entry. */
export function entriesOf(history: MedicalHistory | null | undefined, list: HistoryList): string[] {
  const value = history?.[list] as unknown;
  return Array.isArray(value) ? value.map((entry) => linesOf(entry).join(', ')).filter(Boolean) : linesOf(value);
}

/** The lines of a text as entries; an entry that was not touched keeps the form in which it was stored. */
export function mergeEntries(stored: unknown, text: string): unknown[] {
  const old = Array.isArray(stored) ? [...stored] : [];
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
    .map((line) => {
      const index = old.findIndex((entry) => linesOf(entry).join(', ') === line);
      return index >= 0 ? old.splice(index, 1)[0] : line;
    });
}

/** The parts of the way of life as texts. */
export function lifestyleOf(history: MedicalHistory | null | undefined): Record<LifestylePart, string> {
  const value = (history?.lifestyle ?? {}) as Partial<Record<LifestylePart, unknown>>;
  const text = (part: LifestylePart) => linesOf(value[part]).join(', ');
  return { smoking: text('smoking'), alcohol: text('alcohol'), exercise: text('exercise') };
}
