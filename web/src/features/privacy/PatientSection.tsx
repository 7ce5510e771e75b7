import { Button, Group, NativeSelect, Stack, Text, TextInput, Title } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, take } from '@/api/client';
import { asProblem } from '@/api/problem';
import { useT } from '@/i18n';
import { useFieldText } from '@/shared/problems';
import { ReasonDialog } from '@/shared/ReasonDialog';
import { ErrorNote } from '@/shared/states';
import { ConsentList } from './ConsentList';
import { CorrectionForm } from './CorrectionForm';
import { ExportDialog } from './ExportDialog';

const ways = ['identifier', 'email', 'patient_id'] as const;

/** Finds the patient who asks, by what they told, and does what they ask for. */
export function PatientSection() {
  const t = useT();
  const fieldText = useFieldText();
  const client = useQueryClient();
  const [way, setWay] = useState<(typeof ways)[number]>('identifier');
  const [whose, setWhose] = useState('');
  const [exporting, setExporting] = useState(false);
  const [keeping, setKeeping] = useState<'hold' | 'erasure' | null>(null);
  const find = useMutation({
    mutationFn: () => take(api.POST('/api/privacy/patients', { body: { [way]: whose.trim() } })),
  });
  const problem = find.error ? asProblem(find.error) : null;
  return (
    <section aria-labelledby="privacy-patient">
      <Title order={2} fz={18} id="privacy-patient" mb="sm">
        {t('privacy.patient')}
      </Title>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          find.mutate();
        }}
      >
        <Stack maw={620}>
          <Group align="end" grow preventGrowOverflow={false}>
            <NativeSelect
              label={t('emergency.way')}
              value={way}
              onChange={(event) => setWay(event.currentTarget.value as typeof way)}
              data={ways.map((value) => ({ value, label: t(`emergency.way.${value}`) }))}
            />
            <TextInput
              label={t(`emergency.way.${way}`)}
              required
              value={whose}
              error={fieldText(problem, 'patient_id')}
              onChange={(event) => setWhose(event.currentTarget.value)}
            />
          </Group>
          {problem && problem.errors.length === 0 && <ErrorNote error={problem} />}
          <Group>
            <Button type="submit" variant="default" loading={find.isPending}>
              {t('privacy.find')}
            </Button>
          </Group>
        </Stack>
      </form>
      {find.data && (
        <section className="panel" aria-label={find.data.pseudonym} style={{ marginTop: 'var(--mantine-spacing-md)' }}>
          <Text fw={600} mb="sm">
            {find.data.pseudonym}
          </Text>
          <Group>
            <Button size="xs" onClick={() => setExporting(true)}>
              {t('privacy.export')}
            </Button>
            <Button size="xs" variant="default" onClick={() => setKeeping('hold')}>
              {t('privacy.hold')}
            </Button>
            <Button size="xs" variant="default" color="red" onClick={() => setKeeping('erasure')}>
              {t('privacy.erasure')}
            </Button>
          </Group>
          <Title order={3} fz={16} mt="lg" mb="sm">
            {t('privacy.consents')}
          </Title>
          <ConsentList key={find.data.patient_id} patientId={find.data.patient_id} isOwn={false} />
          <Title order={3} fz={16} mt="lg" mb="sm">
            {t('privacy.correction.ask')}
          </Title>
          <CorrectionForm
            patientId={find.data.patient_id}
            onDone={() => void client.invalidateQueries({ queryKey: ['privacy', 'corrections'] })}
          />
        </section>
      )}
      {find.data && keeping && (
        <ReasonDialog
          title={t(`privacy.${keeping}.title`, { name: find.data.pseudonym })}
          text={t(`privacy.${keeping}.text`)}
          act={t(`privacy.${keeping}.act`)}
          done={t('common.saved')}
          run={(reason) =>
            take(
              api.POST(keeping === 'hold' ? '/api/legal-holds' : '/api/erasures', {
                body: { patient_id: find.data.patient_id, reason },
              }),
            )
          }
          onClose={() => setKeeping(null)}
          onSettled={() => void client.invalidateQueries({ queryKey: ['privacy'] })}
        />
      )}
      {find.data && exporting && <ExportDialog patient={find.data} onClose={() => setExporting(false)} />}
    </section>
  );
}
