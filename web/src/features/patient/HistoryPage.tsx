import { Button, Group, Text, Title } from '@mantine/core';
import { IconPencil } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, take } from '@/api/client';
import type { HistoryAnswer } from '@/api/types';
import { useMe } from '@/app/session';
import { useT } from '@/i18n';
import { useFormats } from '@/shared/format';
import { ErrorNote, PageTitle, Shown } from '@/shared/states';
import { toast } from '@/shared/toast';
import { HistoryEditor } from '../patients/HistoryEditor';
import { HistoryView } from '../patients/HistoryView';
import { Changes } from '../patients/ProposalNote';
import { useHistory } from '../patients/useHistory';

/** The patient's own medical history: read it, and propose what should change. */
export function HistoryPage() {
  const t = useT();
  const formats = useFormats();
  const me = useMe();
  const query = useHistory(me.user.id);
  const [editing, setEditing] = useState(false);
  return (
    <div className="page page-narrow">
      <PageTitle text={t('history.text')}>{t('nav.history')}</PageTitle>
      <Shown query={query}>
        {(history) => (
          <>
            <section className="panel">
              {editing ? (
                <HistoryEditor patientId={me.user.id} history={history} proposing onDone={() => setEditing(false)} />
              ) : (
                <>
                  <HistoryView history={history} />
                  {history.updated_at && (
                    <Text size="sm" c="dimmed" mt="md">
                      {t('history.updated', { time: formats.dateTime(history.updated_at) })}
                    </Text>
                  )}
                  <Button mt="md" leftSection={<IconPencil size={18} aria-hidden />} onClick={() => setEditing(true)}>
                    {t(history.proposal ? 'history.changeProposal' : 'history.change')}
                  </Button>
                </>
              )}
            </section>
            {!editing && history.proposal && <OwnProposal history={history} />}
            {!editing && !history.proposal && history.last_decision && <LastDecision history={history} />}
          </>
        )}
      </Shown>
    </div>
  );
}

function OwnProposal({ history }: { history: HistoryAnswer }) {
  const t = useT();
  const formats = useFormats();
  const client = useQueryClient();
  const withdraw = useMutation({
    mutationFn: () =>
      take(
        api.DELETE('/api/patients/{patient_id}/history/proposals', {
          params: { path: { patient_id: history.patient_id } },
        }),
      ),
    onSuccess: () => toast(t('history.withdrawn')),
    onSettled: () => client.invalidateQueries({ queryKey: ['history', history.patient_id] }),
  });
  return (
    <section className="panel" aria-labelledby="proposal-heading" style={{ marginTop: 16 }}>
      <Title order={2} fz={17} mb="sm" id="proposal-heading">
        {t('history.proposal.own')}
      </Title>
      <Text size="sm" c="dimmed" mb="sm">
        {t('history.proposal.waits', { time: formats.dateTime(history.proposal?.proposed_at) })}
      </Text>
      <Changes history={history} />
      {history.proposal?.note && (
        <Text size="sm" mt="sm" className="prewrap">
          {history.proposal.note}
        </Text>
      )}
      {withdraw.error ? <ErrorNote error={withdraw.error} /> : null}
      <Group mt="md">
        <Button variant="default" loading={withdraw.isPending} onClick={() => withdraw.mutate()}>
          {t('history.withdraw')}
        </Button>
      </Group>
    </section>
  );
}

function LastDecision({ history }: { history: HistoryAnswer }) {
  const t = useT();
  const formats = useFormats();
  const decision = history.last_decision;
  if (!decision) return null;
  return (
    <section className="panel" aria-labelledby="decision-heading" style={{ marginTop: 16 }}>
      <Title order={2} fz={17} mb="sm" id="decision-heading">
        {t(decision.state === 'accepted' ? 'history.wasAccepted' : 'history.wasDeclined')}
      </Title>
      <Text size="sm" c="dimmed">
        {t('history.decidedBy', {
          name: decision.decided_by_name ?? t('common.unknown'),
          time: formats.dateTime(decision.decided_at),
        })}
      </Text>
      {decision.answer && (
        <Text mt="sm" className="prewrap">
          {decision.answer}
        </Text>
      )}
    </section>
  );
}
