import { Button, Group, Stack, Text, Textarea } from '@mantine/core';
import { IconMessageQuestion } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, take } from '@/api/client';
import type { HistoryAnswer } from '@/api/types';
import { useT } from '@/i18n';
import { useFormats } from '@/shared/format';
import { ErrorNote } from '@/shared/states';
import { toast } from '@/shared/toast';
import { changesOf } from './history';
import classes from './ProposalNote.module.css';

/** What a patient proposes, beside what is recorded; whoever may decide accepts or declines it with a word. */
export function ProposalNote({ history }: { history: HistoryAnswer }) {
  const t = useT();
  const formats = useFormats();
  const client = useQueryClient();
  const [answer, setAnswer] = useState('');
  const [declined, setDeclined] = useState(false);
  const { proposal, patient_id: patientId } = history;
  const decide = useMutation({
    mutationFn: (accept: boolean) =>
      take(
        api.POST('/api/patients/{patient_id}/history/proposals/{proposal_id}/decision', {
          params: { path: { patient_id: patientId, proposal_id: proposal?.proposal_id ?? '' } },
          body: { accept, answer: answer.trim() || null },
        }),
      ),
    onSuccess: (changed, accept) => {
      client.setQueryData(['history', patientId], changed);
      toast(t(accept ? 'history.accepted' : 'history.declined'));
    },
    onError: () => void client.invalidateQueries({ queryKey: ['history', patientId] }),
  });
  if (!proposal) return null;
  const isStale = (proposal.based_on ?? null) !== (history.updated_at ?? null);
  return (
    <section className={classes.note} aria-labelledby="proposal-heading">
      <h3 id="proposal-heading" className={classes.heading}>
        <IconMessageQuestion size={18} aria-hidden /> {t('history.proposal')}
      </h3>
      <Text size="xs" c="dimmed">
        {t('history.proposal.at', { time: formats.dateTime(proposal.proposed_at) })}
      </Text>
      <Changes history={history} />
      {proposal.note && (
        <Text size="sm" className="prewrap">
          {t('history.proposal.words', { note: proposal.note })}
        </Text>
      )}
      {isStale && <Text size="sm">{t('history.proposal.stale')}</Text>}
      {history.may_decide && (
        <Stack gap="xs">
          <Textarea
            size="xs"
            label={t('history.answer')}
            description={t('history.answer.text')}
            autosize
            minRows={1}
            maxLength={2000}
            value={answer}
            error={declined && !answer.trim() ? t('history.answer.needed') : undefined}
            onChange={(event) => setAnswer(event.currentTarget.value)}
          />
          {decide.error ? <ErrorNote error={decide.error} /> : null}
          <Group gap="xs">
            <Button size="xs" loading={decide.isPending} onClick={() => decide.mutate(true)}>
              {t('history.accept')}
            </Button>
            <Button
              size="xs"
              variant="default"
              loading={decide.isPending}
              onClick={() => {
                setDeclined(true);
                if (answer.trim()) decide.mutate(false);
              }}
            >
              {t('history.decline')}
            </Button>
          </Group>
        </Stack>
      )}
    </section>
  );
}

/** What would go and what would come, part by part. */
export function Changes({ history }: { history: HistoryAnswer }) {
  const t = useT();
  const changes = changesOf(history, history.proposal?.content);
  if (changes.length === 0) return <Text size="sm">{t('history.proposal.same')}</Text>;
  return (
    <dl className="facts">
      {changes.map(({ part, removed, added }) => (
        <div key={part} style={{ display: 'contents' }}>
          <dt>{t(`history.${part}`)}</dt>
          <dd>
            {removed.map((line) => (
              <div key={`-${line}`}>
                <del className={classes.removed}>
                  <span className={classes.sign} aria-hidden>
                    −
                  </span>{' '}
                  {line}
                </del>
              </div>
            ))}
            {added.map((line) => (
              <div key={`+${line}`}>
                <ins className={classes.added}>
                  <span className={classes.sign} aria-hidden>
                    +
                  </span>{' '}
                  {line}
                </ins>
              </div>
            ))}
          </dd>
        </div>
      ))}
    </dl>
  );
}
