import { Button, Text, Textarea } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, take } from '@/api/client';
import type { RiskCategory } from '@/api/types';
import { useT } from '@/i18n';
import { Choices } from '@/shared/Choices';
import { Risk } from '@/shared/Risk';
import { ErrorNote } from '@/shared/states';
import classes from './panels.module.css';

/** The doctor's own read, before the AI's verdict is shown. */
export function ImpressionForm({ reportId }: { reportId: string }) {
  const t = useT();
  const client = useQueryClient();
  const [risk, setRisk] = useState<RiskCategory | ''>('');
  const [note, setNote] = useState('');
  const record = useMutation({
    mutationFn: () =>
      take(
        api.POST('/api/reviews/queue/{report_id}/impression', {
          params: { path: { report_id: reportId } },
          body: { risk: risk as RiskCategory, note: note.trim() || null },
        }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: ['report', reportId] }),
  });
  return (
    <section className={classes.section} aria-labelledby="impression-heading">
      <h2 id="impression-heading" className={classes.heading}>
        {t('impression.title')}
      </h2>
      <Text size="sm" c="dimmed">
        {t('impression.text')}
      </Text>
      <form
        className={classes.form}
        onSubmit={(event) => {
          event.preventDefault();
          if (risk) record.mutate();
        }}
      >
        <Choices
          legend={t('impression.risk')}
          name="impression"
          required
          value={risk}
          onChange={setRisk}
          options={(['low', 'medium', 'high'] as const).map((value) => ({ value, label: t(`risk.${value}`) }))}
        />
        <Textarea
          label={t('impression.note')}
          autosize
          minRows={2}
          maxLength={2000}
          value={note}
          onChange={(event) => setNote(event.currentTarget.value)}
        />
        {record.error ? <ErrorNote error={record.error} /> : null}
        <Button type="submit" disabled={!risk} loading={record.isPending}>
          {t('impression.record')}
        </Button>
      </form>
      <Risk risk="hidden" />
    </section>
  );
}
