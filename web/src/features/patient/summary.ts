import type { ReportDetail, Review } from '@/api/types';

/** The review that a patient's result is told by: the newest signed one. */
export function tellingReview(detail: ReportDetail): Review | undefined {
  return detail.reviews
    .filter((review) => review.reviewed_at != null)
    .sort((a, b) => (b.reviewed_at ?? '').localeCompare(a.reviewed_at ?? ''))[0];
}

/** The result in plain words as the hospital words it, in the reader's language or else in English. */
export function plainWords(detail: ReportDetail, language: string): { verdict: string[]; program: string[] } {
  const told = detail.plain_language;
  if (!told) return { verdict: [], program: [] };
  return language in told ? told[language as keyof typeof told] : told.en;
}
