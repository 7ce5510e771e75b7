import { TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { api, take } from '@/api/client';
import type { Patient } from '@/api/types';
import { useSpeech } from '@/i18n';
import { useFormats } from '@/shared/format';
import { type Column, PagedTable } from '@/shared/PagedTable';
import { Empty, PageTitle } from '@/shared/states';
import { usePages } from '@/shared/usePages';

export function PatientsPage() {
  const { t } = useSpeech();
  const formats = useFormats();
  const [text, setText] = useState('');
  const [search] = useDebouncedValue(text.trim(), 250);
  const pages = usePages<Patient>(['patients', search], (cursor) =>
    take(api.GET('/api/patients', { params: { query: { search: search || undefined, limit: 100, cursor } } })),
  );
  const columns = useMemo<Column<Patient>[]>(
    () => [
      {
        id: 'name',
        label: t('auth.name'),
        width: '1.5fr',
        sortBy: (row) => row.name,
        cell: (row) => (
          <Link to="/patients/$patientId" params={{ patientId: row.patient_id }}>
            {row.name}
          </Link>
        ),
      },
      {
        id: 'identifier',
        label: t('patients.identifier'),
        cell: (row) => <span className="mono">{row.identifier ?? '–'}</span>,
      },
      {
        id: 'birth',
        label: t('auth.birthDate'),
        sortBy: (row) => row.date_of_birth ?? '',
        cell: (row) => formats.day(row.date_of_birth),
      },
      { id: 'gender', label: t('patients.gender'), cell: (row) => (row.gender ? t(`gender.${row.gender}`) : '–') },
      { id: 'phone', label: t('auth.phone'), cell: (row) => row.phone ?? '–' },
    ],
    [t, formats],
  );
  return (
    <div className="page">
      <PageTitle text={t('patients.text')}>{t('nav.patients')}</PageTitle>
      <TextInput
        mb="md"
        maw={420}
        label={t('common.search')}
        placeholder={t('patients.search')}
        leftSection={<IconSearch size={18} aria-hidden />}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <PagedTable
        label={t('nav.patients')}
        pages={pages}
        columns={columns}
        rowKey={(row) => row.patient_id}
        empty={<Empty title={t('patients.none')}>{t('patients.none.text')}</Empty>}
      />
    </div>
  );
}
