import { linesOf, type MedicalHistory } from '@/api/types';

export const historyLists = [
  'conditions',
  'allergies',
  'medications',
  'family_history',
  'previous_procedures',
] as const;
export type HistoryList = (typeof historyLists)[number];

/** The parts of a history that are read and written. */
export type HistoryParts = Pick<MedicalHistory, HistoryList | 'lifestyle'>;

export const lifestyleParts = ['smoking', 'alcohol', 'exercise'] as const;
export type LifestylePart = (typeof lifestyleParts)[number];

/** The entries of a list as texts, one an entry. */
export function entriesOf(history: Partial<HistoryParts> | null | undefined, list: HistoryList): string[] {
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
export function lifestyleOf(history: Partial<HistoryParts> | null | undefined): Record<LifestylePart, string> {
  const value = (history?.lifestyle ?? {}) as Partial<Record<LifestylePart, unknown>>;
  const text = (part: LifestylePart) => linesOf(value[part]).join(', ');
  return { smoking: text('smoking'), alcohol: text('alcohol'), exercise: text('exercise') };
}

/** A part that somebody wants changed: what would go and what would come. */
export interface PartChange {
  part: HistoryList | LifestylePart;
  removed: string[];
  added: string[];
}

/** What a proposal would change in the record as it is now. */
export function changesOf(recorded: HistoryParts, proposed: unknown): PartChange[] {
  const content = (proposed ?? {}) as Partial<HistoryParts>;
  const changes: PartChange[] = [];
  const compare = (part: PartChange['part'], before: string[], after: string[]) => {
    const removed = before.filter((line) => !after.includes(line));
    const added = after.filter((line) => !before.includes(line));
    if (removed.length > 0 || added.length > 0) changes.push({ part, removed, added });
  };
  for (const list of historyLists) {
    if (list in content) compare(list, entriesOf(recorded, list), entriesOf(content, list));
  }
  if (content.lifestyle !== undefined) {
    const [before, after] = [lifestyleOf(recorded), lifestyleOf(content)];
    for (const part of lifestyleParts) compare(part, [before[part]].filter(Boolean), [after[part]].filter(Boolean));
  }
  return changes;
}

/** The parts of a form that differ from the record: what is sent. */
export function changedParts(
  recorded: HistoryParts,
  lists: Record<HistoryList, string>,
  lifestyle: Record<LifestylePart, string>,
): Partial<Record<HistoryList | 'lifestyle', unknown>> {
  const parts: Partial<Record<HistoryList | 'lifestyle', unknown>> = {};
  for (const list of historyLists) {
    const entries = mergeEntries(recorded[list], lists[list]);
    if (JSON.stringify(entries) !== JSON.stringify(recorded[list] ?? [])) parts[list] = entries;
  }
  const before = lifestyleOf(recorded);
  if (lifestyleParts.some((part) => before[part] !== lifestyle[part].trim())) {
    parts.lifestyle = { ...((recorded.lifestyle ?? {}) as object), ...lifestyle };
  }
  return parts;
}

/** Whether anything is recorded. */
export function isRecorded(history: MedicalHistory): boolean {
  return history.history_id != null;
}
