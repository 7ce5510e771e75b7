import { Button, Group, Stack, Text, Title } from '@mantine/core';
import { IconGavel, IconTrash } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, take } from '@/api/client';
import type { Erasure, LegalHold } from '@/api/types';
import { useMe } from '@/app/session';
import { useT } from '@/i18n';
import { Dialog } from '@/shared/Dialog';
import { useFormats } from '@/shared/format';
import { type Column, PagedTable } from '@/shared/PagedTable';
import { useErrorText } from '@/shared/problems';
import { ReasonDialog } from '@/shared/ReasonDialog';
import { Empty, ErrorNote } from '@/shared/states';
import { toast } from '@/shared/toast';
import { usePages } from '@/shared/usePages';

/** Records that are held, and erasures, for privacy officers. */
export function RemovalsSection() {
  return (
    <>
      <Holds />
      <Erasures />
    </>
  );
}

function Holds() {
  const t = useT();
  const formats = useFormats();
  const client = useQueryClient();
  const [lifted, setLifted] = useState<LegalHold | null>(null);
  const pages = usePages<LegalHold>(['privacy', 'holds'], (cursor) =>
    take(api.GET('/api/legal-holds', { params: { query: { limit: 100, cursor } } })),
  );
  const columns: Column<LegalHold>[] = [
    { id: 'when', label: t('emergency.when'), width: '150px', cell: (row) => formats.dateTime(row.set_at) },
    { id: 'whose', label: t('emergency.whose'), width: '170px', cell: (row) => row.pseudonym },
    { id: 'who', label: t('emergency.who'), cell: (row) => row.set_by_name ?? '–' },
    { id: 'reason', label: t('emergency.reason'), width: '2fr', cell: (row) => row.reason },
    {
      id: 'state',
      label: t('privacy.correction.state'),
      width: '1.4fr',
      cell: (row) =>
        row.lifted_at ? (
          `${t('privacy.hold.lifted', { time: formats.date(row.lifted_at) })} · ${row.lift_reason}`
        ) : (
          <Button size="xs" variant="default" onClick={() => setLifted(row)}>
            {t('privacy.hold.lift')}
          </Button>
        ),
    },
  ];
  return (
    <section aria-labelledby="privacy-holds">
      <Title order={2} fz={18} id="privacy-holds" mb="sm">
        {t('privacy.holds')}
      </Title>
      <PagedTable
        label={t('privacy.holds.list')}
        pages={pages}
        columns={columns}
        rowKey={(row) => row.hold_id}
        empty={<Empty title={t('privacy.holds.none')} icon={<IconGavel size={40} stroke={1.2} />} />}
      />
      {lifted && (
        <ReasonDialog
          title={t('privacy.hold.lift.title', { name: lifted.pseudonym })}
          text={t('privacy.hold.lift.text')}
          act={t('privacy.hold.lift')}
          done={t('common.saved')}
          run={(reason) =>
            take(
              api.POST('/api/legal-holds/{hold_id}/lift', {
                params: { path: { hold_id: lifted.hold_id } },
                body: { reason },
              }),
            )
          }
          onClose={() => setLifted(null)}
          onSettled={() => void client.invalidateQueries({ queryKey: ['privacy'] })}
        />
      )}
    </section>
  );
}

function Erasures() {
  const t = useT();
  const me = useMe();
  const formats = useFormats();
  const [erased, setErased] = useState<Erasure | null>(null);
  const decide = useDecision();
  const pages = usePages<Erasure>(['privacy', 'erasures'], (cursor) =>
    take(api.GET('/api/erasures', { params: { query: { limit: 100, cursor } } })),
  );
  const columns: Column<Erasure>[] = [
    { id: 'when', label: t('emergency.when'), width: '150px', cell: (row) => formats.dateTime(row.requested_at) },
    { id: 'whose', label: t('emergency.whose'), width: '170px', cell: (row) => row.pseudonym },
    { id: 'who', label: t('emergency.who'), cell: (row) => row.requested_by_name ?? '–' },
    { id: 'reason', label: t('emergency.reason'), width: '2fr', cell: (row) => row.reason },
    {
      id: 'state',
      label: t('privacy.correction.state'),
      width: '1.8fr',
      cell: (row) =>
        row.state === 'open' ? (
          <Group gap="xs">
            {row.requested_by === me.user.id ? (
              <Text size="sm">{t('privacy.erasure.open')}</Text>
            ) : (
              <Button size="xs" color="red" onClick={() => setErased(row)}>
                {t('privacy.erasure.confirm')}
              </Button>
            )}
            <Button
              size="xs"
              variant="default"
              loading={decide.isPending}
              onClick={() => decide.mutate({ row, confirm: false })}
            >
              {t('privacy.correction.withdraw')}
            </Button>
          </Group>
        ) : (
          [
            t(`privacy.erasure.${row.state}`),
            row.decided_by_name ?? '–',
            row.reports === null || row.reports === undefined
              ? null
              : t('privacy.erasure.count', { count: row.reports }),
          ]
            .filter(Boolean)
            .join(' · ')
        ),
    },
  ];
  return (
    <section aria-labelledby="privacy-erasures">
      <Title order={2} fz={18} id="privacy-erasures" mb={4}>
        {t('privacy.erasures')}
      </Title>
      <Text size="sm" c="dimmed" mb="sm">
        {t('privacy.erasures.text')}
      </Text>
      <PagedTable
        label={t('privacy.erasures.list')}
        pages={pages}
        columns={columns}
        rowKey={(row) => row.erasure_id}
        empty={<Empty title={t('privacy.erasures.none')} icon={<IconTrash size={40} stroke={1.2} />} />}
      />
      {erased && <EraseDialog erasure={erased} onClose={() => setErased(null)} />}
    </section>
  );
}

/** Confirms an erasure or takes it back; the page shows what is true afterwards, whoever was faster. */
function useDecision(onDone?: () => void) {
  const t = useT();
  const client = useQueryClient();
  const errorText = useErrorText();
  return useMutation({
    mutationFn: ({ row, confirm }: { row: Erasure; confirm: boolean }) =>
      take(
        api.POST('/api/erasures/{erasure_id}/decision', {
          params: { path: { erasure_id: row.erasure_id } },
          body: { confirm },
        }),
      ),
    onSuccess: () => {
      toast(t('common.saved'));
      onDone?.();
    },
    onError: (error) => toast(errorText(error), 'bad'),
    onSettled: () => void client.invalidateQueries({ queryKey: ['privacy'] }),
  });
}

function EraseDialog({ erasure, onClose }: { erasure: Erasure; onClose: () => void }) {
  const t = useT();
  const decide = useDecision(onClose);
  return (
    <Dialog title={t('privacy.erasure.confirm.title', { name: erasure.pseudonym })} onClose={onClose}>
      <Stack>
        <Text size="sm">{t('privacy.erasure.confirm.text')}</Text>
        {decide.error && <ErrorNote error={decide.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose} data-autofocus>
            {t('common.cancel')}
          </Button>
          <Button
            color="red"
            loading={decide.isPending}
            onClick={() => decide.mutate({ row: erasure, confirm: true })}
          >
            {t('privacy.erasure.confirm')}
          </Button>
        </Group>
      </Stack>
    </Dialog>
  );
}
