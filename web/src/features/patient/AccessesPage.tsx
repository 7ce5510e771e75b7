import { IconEyeOff } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import { api, take } from '@/api/client';
import type { Access } from '@/api/types';
import { useMe } from '@/app/session';
import { useSpeech } from '@/i18n';
import { useFormats } from '@/shared/format';
import { type Column, PagedTable } from '@/shared/PagedTable';
import { Empty, PageTitle } from '@/shared/states';
import { usePages } from '@/shared/usePages';

/** Who looked at the patient's record, and what they did. */
export function AccessesPage() {
  const { t, maybe } = useSpeech();
  const formats = useFormats();
  const me = useMe();
  const pages = usePages<Access>(['accesses', me.user.id], (cursor) =>
    take(
      api.GET('/api/patients/{patient_id}/accesses', {
        params: { path: { patient_id: me.user.id }, query: { limit: 100, cursor } },
      }),
    ),
  );
  const columns = useMemo<Column<Access>[]>(
    () => [
      {
        id: 'when',
        label: t('accesses.when'),
        sortBy: (row) => row.created_at,
        cell: (row) => formats.dateTime(row.created_at),
      },
      {
        id: 'who',
        label: t('accesses.who'),
        width: '1.4fr',
        sortBy: (row) => row.staff_name ?? '',
        cell: (row) => (
          <span>
            {row.staff_name ?? t('accesses.portal')}
            {row.user_role && ` · ${maybe(`role.${row.user_role}`) ?? row.user_role}`}
          </span>
        ),
      },
      {
        id: 'what',
        label: t('accesses.what'),
        width: '1.4fr',
        cell: (row) => maybe(`audit.action.${row.action}`) ?? row.action,
      },
      {
        id: 'report',
        label: t('accesses.report'),
        width: '120px',
        cell: (row) =>
          row.report_id ? (
            <Link to="/reports/$reportId" params={{ reportId: row.report_id }}>
              {t('accesses.open')}
            </Link>
          ) : (
            '–'
          ),
      },
    ],
    [t, maybe, formats],
  );
  return (
    <div className="page">
      <PageTitle text={t('accesses.text')}>{t('nav.accesses')}</PageTitle>
      <PagedTable
        label={t('nav.accesses')}
        pages={pages}
        columns={columns}
        rowKey={(row) => `${row.created_at}-${row.action}-${row.staff_name}-${row.report_id}`}
        empty={
          <Empty title={t('accesses.none')} icon={<IconEyeOff size={44} stroke={1.2} />}>
            {t('accesses.none.text')}
          </Empty>
        }
      />
    </div>
  );
}
