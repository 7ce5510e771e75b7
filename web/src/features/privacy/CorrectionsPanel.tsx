import { Button, Group, Stack, Text, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { api, take } from '@/api/client';
import type { Correction } from '@/api/types';
import { useMe } from '@/app/session';
import { useT } from '@/i18n';
import { useErrorText } from '@/shared/problems';
import { ReasonDialog } from '@/shared/ReasonDialog';
import { Shown } from '@/shared/states';
import { toast } from '@/shared/toast';
import { CorrectionFacts } from './CorrectionFacts';
import { CorrectionForm } from './CorrectionForm';

/** What the acting patient asked to have corrected, and a form for more. */
export function CorrectionsPanel() {
  const t = useT();
  const me = useMe();
  const client = useQueryClient();
  const renew = () => void client.invalidateQueries({ queryKey: ['privacy', 'corrections'] });
  const own = useQuery({
    queryKey: ['privacy', 'corrections', me.user.id],
    queryFn: () => take(api.GET('/api/corrections', { params: { query: { patient_id: me.user.id, limit: 200 } } })),
  });
  return (
    <section className="panel">
      <Title order={2} fz={17} mb="sm">
        {t('privacy.corrections')}
      </Title>
      <Text size="sm" mb="md">
        {t('privacy.corrections.text')} <Link to="/history">{t('nav.history')}</Link>
      </Text>
      <CorrectionForm onDone={renew} />
      <Shown query={own} rows={2}>
        {({ items }) => (
          <Stack mt="lg">
            {items.map((row) => (
              <OwnCorrection key={row.correction_id} row={row} onChange={renew} />
            ))}
          </Stack>
        )}
      </Shown>
    </section>
  );
}

function OwnCorrection({ row, onChange }: { row: Correction; onChange: () => void }) {
  const t = useT();
  const errorText = useErrorText();
  const [disagreeing, setDisagreeing] = useState(false);
  const path = { correction_id: row.correction_id };
  const withdraw = useMutation({
    mutationFn: () => take(api.DELETE('/api/corrections/{correction_id}', { params: { path } })),
    onSuccess: () => toast(t('privacy.correction.withdrawn')),
    onError: (error) => toast(errorText(error), 'bad'),
    onSettled: onChange,
  });
  return (
    <article>
      <CorrectionFacts row={row} />
      <Group mt="xs">
        {row.state === 'open' && (
          <Button size="xs" variant="default" loading={withdraw.isPending} onClick={() => withdraw.mutate()}>
            {t('privacy.correction.withdraw')}
          </Button>
        )}
        {row.state === 'declined' && !row.disagreement && (
          <Button size="xs" variant="default" onClick={() => setDisagreeing(true)}>
            {t('privacy.correction.disagree')}
          </Button>
        )}
      </Group>
      {disagreeing && (
        <ReasonDialog
          title={t('privacy.correction.disagree')}
          text={t('privacy.correction.disagree.text')}
          label={t('privacy.correction.statement')}
          act={t('common.save')}
          done={t('common.saved')}
          run={(statement) =>
            take(api.POST('/api/corrections/{correction_id}/disagreement', { params: { path }, body: { statement } }))
          }
          onClose={() => setDisagreeing(false)}
          onSettled={onChange}
        />
      )}
    </article>
  );
}
