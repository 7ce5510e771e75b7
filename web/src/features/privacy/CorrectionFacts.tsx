import type { Correction } from '@/api/types';
import { useT } from '@/i18n';
import { useFormats } from '@/shared/format';

/** What was asked, what became of it, and where the patient disagrees. */
export function CorrectionFacts({ row }: { row: Correction }) {
  const t = useT();
  const formats = useFormats();
  return (
    <dl className="facts">
      <dt>{t('privacy.correction.subject')}</dt>
      <dd>{t(`privacy.correction.subject.${row.subject}`)}</dd>
      <dt>{t('privacy.correction.words')}</dt>
      <dd className="prewrap">{row.words}</dd>
      <dt>{t('privacy.correction.state')}</dt>
      <dd>
        {t(`privacy.correction.state.${row.state}`)}
        {' · '}
        {row.state === 'open'
          ? t('privacy.correction.due', { day: formats.date(row.due_at) })
          : formats.date(row.decided_at ?? row.requested_at)}
      </dd>
      {row.requested_by_name && (
        <>
          <dt>{t('privacy.correction.askedBy')}</dt>
          <dd>{row.requested_by_name}</dd>
        </>
      )}
      {row.answer && (
        <>
          <dt>{t('privacy.correction.answer')}</dt>
          <dd className="prewrap">
            {row.decided_by_name ? `${row.decided_by_name}: ` : ''}
            {row.answer}
          </dd>
        </>
      )}
      {row.disagreement && (
        <>
          <dt>{t('privacy.correction.statement')}</dt>
          <dd className="prewrap">{row.disagreement}</dd>
        </>
      )}
    </dl>
  );
}
