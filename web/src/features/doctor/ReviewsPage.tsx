import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import { api, take } from '@/api/client';
import type { Review } from '@/api/types';
import { useT } from '@/i18n';
import { useFormats } from '@/shared/format';
import { type Column, PagedTable } from '@/shared/PagedTable';
import { Risk } from '@/shared/Risk';
import { Empty, PageTitle } from '@/shared/states';
import { usePages } from '@/shared/usePages';

/** The doctor's own signed reviews. */
export function ReviewsPage() {
  const t = useT();
  const formats = useFormats();
  const pages = usePages<Review>(['reviews'], (cursor) =>
    take(api.GET('/api/reviews', { params: { query: { limit: 100, cursor } } })),
  );
  const columns = useMemo<Column<Review>[]>(
    () => [
      {
        id: 'date',
        label: t('reviews.date'),
        sortBy: (row) => row.reviewed_at ?? '',
        cell: (row) => (
          <Link to="/queue/{-$reportId}" params={{ reportId: row.report_id }}>
            {formats.dateTime(row.reviewed_at)}
          </Link>
        ),
      },
      {
        id: 'findings',
        label: t('review.findings'),
        width: '2.4fr',
        cell: (row) => (row.clinical_findings ?? '–').slice(0, 140),
      },
      {
        id: 'risk',
        label: t('review.risk'),
        width: '130px',
        cell: (row) => <Risk risk={row.doctor_risk_assessment} />,
      },
      {
        id: 'urgency',
        label: t('review.urgency'),
        width: '120px',
        sortBy: (row) => row.urgency_level ?? '',
        cell: (row) => (row.urgency_level ? t(`urgency.${row.urgency_level}`) : '–'),
      },
      {
        id: 'verdict',
        label: t('review.verdict'),
        width: '130px',
        cell: (row) =>
          row.confirmed_ai_diagnosis == null ? '–' : t(row.confirmed_ai_diagnosis ? 'review.agree' : 'review.disagree'),
      },
    ],
    [t, formats],
  );
  return (
    <div className="page">
      <PageTitle text={t('reviews.text')}>{t('nav.reviews')}</PageTitle>
      <PagedTable
        label={t('nav.reviews')}
        pages={pages}
        columns={columns}
        rowKey={(row) => row.review_id}
        empty={<Empty title={t('reviews.none')}>{t('reviews.none.text')}</Empty>}
        rowHeight={72}
      />
    </div>
  );
}
