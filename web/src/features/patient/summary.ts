import type { ReportDetail, Review } from '@/api/types';
import type { TextKey, Translate } from '@/i18n';

/** The review that a patient's result is told by: the newest signed one. */
export function tellingReview(detail: ReportDetail): Review | undefined {
  return detail.reviews
    .filter((review) => review.reviewed_at != null)
    .sort((a, b) => (b.reviewed_at ?? '').localeCompare(a.reviewed_at ?? ''))[0];
}

/** A result in plain words, a sentence each: what the doctor found, how soon something has to be done, what comes next. */
export function plainSummary(review: Review, day: (date: string) => string, t: Translate): string[] {
  const sentences = [t('plain.read', { name: review.doctor_name ?? t('role.doctor') })];
  if (review.doctor_risk_assessment) sentences.push(t(`plain.risk.${review.doctor_risk_assessment}` as TextKey));
  if (review.urgency_level) sentences.push(t(`plain.urgency.${review.urgency_level}` as TextKey));
  if (review.follow_up_date) sentences.push(t('plain.followUp.date', { date: day(review.follow_up_date) }));
  else if (review.follow_up_required) sentences.push(t('plain.followUp'));
  return sentences;
}
