import { Alert, Button, Group, NativeSelect, Stack, Text, Textarea, TextInput, Title } from '@mantine/core';
import { IconAlertTriangle, IconShieldCheck } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { api, take } from '@/api/client';
import { asProblem } from '@/api/problem';
import type { EmergencyAccess } from '@/api/types';
import { useMe } from '@/app/session';
import { useT } from '@/i18n';
import { useFormats } from '@/shared/format';
import { type Column, PagedTable } from '@/shared/PagedTable';
import { useFieldText } from '@/shared/problems';
import { Empty, ErrorNote, PageTitle, Shown } from '@/shared/states';
import { usePages } from '@/shared/usePages';
import { isOver } from './access';
import { ReviewDialog } from './ReviewDialog';

/** Opens a record in an emergency; shows the own accesses, and to privacy officers all, with their reviews. */
export function EmergenciesPage() {
  const t = useT();
  const facts = useQuery({
    queryKey: ['emergencies', 'running'],
    queryFn: () => take(api.GET('/api/emergency-accesses', { params: { query: { running: true } } })),
  });
  return (
    <div className="page">
      <PageTitle text={t('emergency.text')}>{t('nav.emergencies')}</PageTitle>
      <Shown query={facts}>
        {(known) => (
          <Stack gap="xl">
            {known.may_open && <OpenForm minutes={known.minutes} minimum={known.minimum_reason_length} />}
            <Accesses officer={known.is_privacy_officer} />
          </Stack>
        )}
      </Shown>
    </div>
  );
}

const ways = ['identifier', 'email', 'patient_id'] as const;

function OpenForm({ minutes, minimum }: { minutes: number; minimum: number }) {
  const t = useT();
  const fieldText = useFieldText();
  const client = useQueryClient();
  const navigate = useNavigate();
  const [way, setWay] = useState<(typeof ways)[number]>('identifier');
  const [whose, setWhose] = useState('');
  const [reason, setReason] = useState('');
  const open = useMutation({
    mutationFn: () => take(api.POST('/api/emergency-accesses', { body: { [way]: whose.trim(), reason: reason.trim() } })),
    onSuccess: (access) => {
      void client.invalidateQueries({ queryKey: ['emergencies'] });
      void navigate({ to: '/emergencies/$accessId', params: { accessId: access.access_id } });
    },
  });
  const problem = open.error ? asProblem(open.error) : null;
  return (
    <section aria-labelledby="emergency-open">
      <Title order={2} fz={18} id="emergency-open" mb="sm">
        {t('emergency.open')}
      </Title>
      <Alert icon={<IconAlertTriangle aria-hidden />} color="orange" variant="outline" mb="md">
        {t('emergency.warning', { minutes })}
      </Alert>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          open.mutate();
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
          <Textarea
            label={t('emergency.reason')}
            description={t('emergency.reason.text', { count: minimum })}
            required
            autosize
            minRows={3}
            maxLength={2000}
            value={reason}
            error={fieldText(problem, 'reason')}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
          {problem && problem.errors.length === 0 && <ErrorNote error={problem} />}
          <Group>
            <Button type="submit" color="red" loading={open.isPending} disabled={reason.trim().length < minimum}>
              {t('emergency.submit')}
            </Button>
          </Group>
        </Stack>
      </form>
    </section>
  );
}

function Accesses({ officer }: { officer: boolean }) {
  const t = useT();
  const me = useMe();
  const formats = useFormats();
  const [waiting, setWaiting] = useState(officer);
  const [reviewed, setReviewed] = useState<EmergencyAccess | null>(null);
  const pages = usePages<EmergencyAccess>(['emergencies', 'list', waiting], (cursor) =>
    take(api.GET('/api/emergency-accesses', { params: { query: { to_review: waiting, limit: 100, cursor } } })),
  );
  const columns = useMemo<Column<EmergencyAccess>[]>(
    () => [
      { id: 'when', label: t('emergency.when'), width: '150px', cell: (row) => formats.dateTime(row.opened_at) },
      { id: 'who', label: t('emergency.who'), cell: (row) => row.user_name ?? '–' },
      { id: 'whose', label: t('emergency.whose'), width: '170px', cell: (row) => row.pseudonym },
      { id: 'reason', label: t('emergency.reason'), width: '2fr', cell: (row) => row.reason },
      {
        id: 'state',
        label: t('emergency.state'),
        width: '1.4fr',
        cell: (row) => {
          if (row.outcome) {
            const by = { name: row.reviewed_by_name ?? '–' };
            return `${t(`emergency.outcome.${row.outcome}`)} · ${t('emergency.by', by)}: ${row.review_note}`;
          }
          if (!isOver(row)) return t('emergency.runs', { time: formats.dateTime(row.ends_at) });
          if (!officer || row.user_id === me.user.id) return t('emergency.waits');
          return (
            <Button size="xs" variant="default" onClick={() => setReviewed(row)}>
              {t('emergency.review')}
            </Button>
          );
        },
      },
    ],
    [t, formats, officer, me.user.id],
  );
  return (
    <section aria-labelledby="emergency-list">
      <Group justify="space-between" mb="sm">
        <Title order={2} fz={18} id="emergency-list">
          {t(officer ? 'emergency.all' : 'emergency.own')}
        </Title>
        {officer && (
          <NativeSelect
            aria-label={t('emergency.state')}
            value={waiting ? 'waiting' : 'all'}
            onChange={(event) => setWaiting(event.currentTarget.value === 'waiting')}
            data={[
              { value: 'waiting', label: t('emergency.toReview') },
              { value: 'all', label: t('common.all') },
            ]}
          />
        )}
      </Group>
      {officer && (
        <Text size="sm" c="dimmed" mb="sm">
          {t('emergency.officer')}
        </Text>
      )}
      <PagedTable
        label={t('nav.emergencies')}
        pages={pages}
        columns={columns}
        rowKey={(row) => row.access_id}
        empty={
          <Empty
            title={t(waiting ? 'emergency.none.toReview' : 'emergency.none')}
            icon={<IconShieldCheck size={40} stroke={1.2} />}
          />
        }
      />
      {reviewed && <ReviewDialog access={reviewed} onClose={() => setReviewed(null)} />}
    </section>
  );
}
