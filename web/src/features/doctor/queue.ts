import type { QueueItem, QueueSummary } from '@/api/types';
import type { Speech, TextKey, Translate } from '@/i18n';

export type QueueFilter = 'all' | 'high' | 'unscored' | 'medium' | 'low' | 'overdue' | 'free';

export const queueFilters: QueueFilter[] = ['all', 'high', 'unscored', 'medium', 'low', 'overdue', 'free'];

/** Whether a case passes a filter. */
export function passes(item: QueueItem, filter: QueueFilter): boolean {
  switch (filter) {
    case 'all':
      return true;
    case 'unscored':
      return item.risk_score == null;
    case 'overdue':
      return item.is_overdue;
    case 'free':
      return item.claimed_by == null;
    default:
      return item.risk_score === filter;
  }
}

/** How many cases of the whole queue a filter lets through. */
export function countOf(summary: QueueSummary, filter: QueueFilter): number {
  switch (filter) {
    case 'all':
      return summary.total;
    case 'free':
      return summary.total - summary.claimed;
    default:
      return summary[filter];
  }
}

/** Why a case stands where it stands, in a sentence. */
export function whyHere(item: QueueItem, aiHidden: boolean, t: Translate, maybe: Speech['maybe']): string {
  if (item.is_overdue) return t('why.overdue');
  if (aiHidden) return t('why.hidden');
  if (item.risk_score == null) {
    const reason =
      (item.not_assessed_code && maybe(`notAssessed.${item.not_assessed_code}`)) ?? item.not_assessed_reason;
    return reason ? t('why.unscoredReason', { reason }) : t('why.unscored');
  }
  return t(`why.${item.risk_score}` as TextKey);
}

/** The case to open after one is done: the next free one below it, else the first free one. */
export function nextCase(items: readonly QueueItem[], doneId: string, doctorId: string): string | undefined {
  const free = (item: QueueItem) =>
    item.report_id !== doneId && (item.claimed_by == null || item.claimed_by === doctorId);
  const index = items.findIndex((item) => item.report_id === doneId);
  return (items.slice(index + 1).find(free) ?? items.find(free))?.report_id;
}
