import { Stack, Text } from '@mantine/core';
import { linesOf, type ReportDetail, type Review } from '@/api/types';
import { useSpeech } from '@/i18n';
import { useFormats } from '@/shared/format';
import { Risk } from '@/shared/Risk';

/** A signed review in words, with its addenda. */
export function ReviewText({
  review,
  addenda,
  forStaff,
}: {
  review: Review;
  addenda: ReportDetail['addenda'];
  forStaff: boolean;
}) {
  const { t, maybe } = useSpeech();
  const formats = useFormats();
  const own = addenda.filter((addendum) => addendum.review_id === review.review_id);
  const disagreement = review.ai_disagreement_reason?.split(': ');
  const reason = disagreement && [
    maybe(`review.reason.${disagreement[0]}`) ?? disagreement[0],
    ...disagreement.slice(1),
  ];
  const facts: [string, React.ReactNode][] = [
    [t('review.findings'), review.clinical_findings],
    [t('review.action'), review.recommended_action],
    [t('review.urgency'), review.urgency_level && t(`urgency.${review.urgency_level}`)],
    [t('review.followUpDate'), review.follow_up_date && formats.day(review.follow_up_date)],
    [t('review.treatment'), review.treatment_plan],
    [t('review.medication'), linesOf(review.medication_prescribed).join('\n') || null],
  ];
  if (forStaff) {
    facts.push(
      [
        t('review.verdict'),
        review.confirmed_ai_diagnosis == null
          ? null
          : t(review.confirmed_ai_diagnosis ? 'review.agree' : 'review.disagree'),
      ],
      [t('review.reason'), reason?.join(': ')],
      [t('review.notes'), review.review_notes],
    );
  }
  return (
    <Stack gap="xs">
      <div>
        <Text fw={600} size="sm">
          {review.doctor_name ?? t('common.unknown')}
        </Text>
        <Text size="xs" c="dimmed">
          {t('review.signedAt', { time: formats.dateTime(review.reviewed_at) })}
        </Text>
      </div>
      {review.doctor_risk_assessment && (
        <div>
          <Risk risk={review.doctor_risk_assessment} filled />
        </div>
      )}
      <dl className="facts">
        {facts.map(([label, value]) =>
          value ? (
            <div key={label} style={{ display: 'contents' }}>
              <dt>{label}</dt>
              <dd className="prewrap">{value}</dd>
            </div>
          ) : null,
        )}
      </dl>
      {own.map((addendum) => (
        <div key={addendum.addendum_id}>
          <Text size="xs" c="dimmed">
            {t('addendum.by', {
              name: addendum.doctor_name ?? t('common.unknown'),
              time: formats.dateTime(addendum.created_at),
            })}
          </Text>
          <Text size="sm" className="prewrap">
            {addendum.addendum}
          </Text>
        </div>
      ))}
    </Stack>
  );
}
