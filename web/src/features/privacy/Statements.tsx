import './texts';
import { Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api, take } from '@/api/client';
import type { Correction } from '@/api/types';
import { useT } from '@/i18n';
import { CorrectionFacts } from './CorrectionFacts';

/** Where a patient disagrees with what the record says; nothing where there is no such statement. */
export function Statements({ patientId }: { patientId: string }) {
  const statements = useQuery({
    queryKey: ['privacy', 'corrections', 'statements', patientId],
    queryFn: () =>
      take(api.GET('/api/corrections', { params: { query: { patient_id: patientId, disagreed: true, limit: 200 } } })),
  });
  return <StatementList items={statements.data?.items ?? []} />;
}

/** The same, of those that are at hand. */
export function StatementList({ items }: { items: Correction[] }) {
  const t = useT();
  if (items.length === 0) return null;
  return (
    <section aria-label={t('privacy.statements')}>
      <Title order={3} fz={16} mt="lg" mb="sm">
        {t('privacy.statements')}
      </Title>
      {items.map((row) => (
        <CorrectionFacts key={row.correction_id} row={row} />
      ))}
    </section>
  );
}
