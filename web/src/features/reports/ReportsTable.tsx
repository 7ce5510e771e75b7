import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import { api, take } from '@/api/client';
import type { ListedReport, ReportStatus, RiskCategory } from '@/api/types';
import { useSpeech } from '@/i18n';
import { useFormats } from '@/shared/format';
import { type Column, PagedTable } from '@/shared/PagedTable';
import { Risk } from '@/shared/Risk';
import { Empty } from '@/shared/states';
import { usePages } from '@/shared/usePages';
import { StatusBadge } from './StatusBadge';

export interface ReportsFilter {
  patient_id?: string;
  radiologist_id?: string;
  status?: ReportStatus;
  risk_score?: RiskCategory;
  search?: string;
}

/** Reports, page by page, renewed when the server says that one changed. */
export function useReports(filter: ReportsFilter) {
  return usePages<ListedReport>(['reports', filter], (cursor) =>
    take(api.GET('/api/reports', { params: { query: { ...filter, limit: 100, ...(cursor ? { cursor } : {}) } } })),
  );
}

/** A list of reports for staff. */
export function ReportsTable({ label, filter }: { label: string; filter: ReportsFilter }) {
  const { t, maybe } = useSpeech();
  const formats = useFormats();
  const pages = useReports(filter);
  const columns = useMemo<Column<ListedReport>[]>(
    () => [
      {
        id: 'patient',
        label: t('reports.patient'),
        width: '1.6fr',
        sortBy: (row) => row.patient_name,
        cell: (row) => (
          <Link to="/reports/$reportId" params={{ reportId: row.report_id }}>
            {row.patient_name}
          </Link>
        ),
      },
      {
        id: 'identifier',
        label: t('patients.identifier'),
        cell: (row) => <span className="mono">{row.patient_identifier ?? '–'}</span>,
      },
      {
        id: 'study',
        label: t('reports.study'),
        cell: (row) => maybe(`study.${row.study_type}`) ?? row.study_type,
      },
      {
        id: 'date',
        label: t('reports.date'),
        sortBy: (row) => row.upload_date,
        cell: (row) => formats.dateTime(row.upload_date),
      },
      {
        id: 'status',
        label: t('reports.status'),
        sortBy: (row) => row.status,
        cell: (row) => <StatusBadge status={row.status} />,
      },
      {
        id: 'risk',
        label: t('reports.risk'),
        width: '130px',
        sortBy: (row) => ({ high: 3, medium: 2, low: 1 })[row.risk_score ?? 'low'] ?? 0,
        cell: (row) => (row.status === 'pending' || row.status === 'analyzing' ? '–' : <Risk risk={row.risk_score} />),
      },
    ],
    [t, maybe, formats],
  );
  return (
    <PagedTable
      label={label}
      pages={pages}
      columns={columns}
      rowKey={(row) => row.report_id}
      empty={<Empty title={t('reports.none')}>{t('reports.none.text')}</Empty>}
    />
  );
}
