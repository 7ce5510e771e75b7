import { Button, NativeSelect, Text } from '@mantine/core';
import { IconCircleCheck, IconCircleX, IconClock, IconLoader, IconRefresh } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { api, take } from '@/api/client';
import type { Job } from '@/api/types';
import { type TextKey, useSpeech } from '@/i18n';
import { useFormats } from '@/shared/format';
import { type Column, PagedTable } from '@/shared/PagedTable';
import { useErrorText } from '@/shared/problems';
import { Empty, PageTitle } from '@/shared/states';
import { toast } from '@/shared/toast';
import { usePages } from '@/shared/usePages';
import classes from './tech.module.css';

const states = ['queued', 'running', 'done', 'dead'] as const;
const icons = { queued: IconClock, running: IconLoader, done: IconCircleCheck, dead: IconCircleX };

/** The work in the background; what died can be sent back. */
export function JobsPage() {
  const { t, maybe } = useSpeech();
  const errorText = useErrorText();
  const formats = useFormats();
  const client = useQueryClient();
  const [state, setState] = useState('');
  const pages = usePages<Job>(['jobs', state], (cursor) =>
    take(api.GET('/api/jobs', { params: { query: { state: state || undefined, limit: 100, cursor } } })),
  );
  const retry = useMutation({
    mutationFn: (jobId: string) => take(api.POST('/api/jobs/{job_id}/retry', { params: { path: { job_id: jobId } } })),
    onSuccess: () => {
      toast(t('jobs.retried'));
      void client.invalidateQueries({ queryKey: ['jobs'] });
    },
    onError: (error) => toast(errorText(error), 'bad'),
  });
  const { mutate } = retry;
  const columns = useMemo<Column<Job>[]>(
    () => [
      {
        id: 'kind',
        label: t('jobs.kind'),
        sortBy: (row) => row.kind,
        cell: (row) => maybe(`jobs.kind.${row.kind}`) ?? row.kind,
      },
      {
        id: 'state',
        label: t('jobs.state'),
        width: '150px',
        sortBy: (row) => row.state,
        cell: (row) => {
          const Icon = icons[row.state as (typeof states)[number]] ?? IconClock;
          return (
            <span className={classes.state}>
              <Icon size={18} aria-hidden />
              {maybe(`jobs.state.${row.state}`) ?? row.state}
            </span>
          );
        },
      },
      {
        id: 'attempts',
        label: t('jobs.attempts'),
        width: '90px',
        sortBy: (row) => row.attempts,
        cell: (row) => (
          <span className="mono">
            {row.attempts}/{row.maximum_attempts}
          </span>
        ),
      },
      {
        id: 'created',
        label: t('jobs.created'),
        sortBy: (row) => row.created_at,
        cell: (row) => formats.dateTime(row.created_at),
      },
      {
        id: 'error',
        label: t('jobs.error'),
        width: '1.8fr',
        cell: (row) => (
          <Text component="span" size="sm" lineClamp={2}>
            {row.last_error ?? '–'}
          </Text>
        ),
      },
      {
        id: 'actions',
        label: t('common.actions'),
        width: '150px',
        cell: (row) =>
          row.state === 'dead' ? (
            <Button
              size="xs"
              variant="default"
              leftSection={<IconRefresh size={16} aria-hidden />}
              onClick={() => mutate(row.job_id)}
            >
              {t('jobs.retry')}
            </Button>
          ) : (
            '–'
          ),
      },
    ],
    [t, maybe, formats, mutate],
  );
  return (
    <div className="page">
      <PageTitle text={t('jobs.text')}>{t('nav.jobs')}</PageTitle>
      <NativeSelect
        mb="md"
        maw={260}
        label={t('jobs.state')}
        value={state}
        onChange={(event) => setState(event.currentTarget.value)}
        data={[
          { value: '', label: t('common.all') },
          ...states.map((value) => ({ value, label: t(`jobs.state.${value}` as TextKey) })),
        ]}
      />
      <PagedTable
        label={t('nav.jobs')}
        pages={pages}
        columns={columns}
        rowKey={(row) => row.job_id}
        empty={<Empty title={t('jobs.none')} />}
      />
    </div>
  );
}
