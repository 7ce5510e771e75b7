import { Button, Group, NativeSelect, Radio, Stack, Title } from '@mantine/core';
import { IconChecklist } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, take } from '@/api/client';
import type { Correction } from '@/api/types';
import { useMe } from '@/app/session';
import { useT } from '@/i18n';
import { useFormats } from '@/shared/format';
import { type Column, PagedTable } from '@/shared/PagedTable';
import { ReasonDialog } from '@/shared/ReasonDialog';
import { Empty } from '@/shared/states';
import { usePages } from '@/shared/usePages';
import { CorrectionFacts } from './CorrectionFacts';

const clinical = ['report_assignment', 'history', 'report_text'];

/** Requests for correction, for those who decide on them. */
export function CorrectionsSection({ isOfficer }: { isOfficer: boolean }) {
  const t = useT();
  const me = useMe();
  const formats = useFormats();
  const client = useQueryClient();
  const [open, setOpen] = useState(true);
  const [chosen, setChosen] = useState<Correction | null>(null);
  const pages = usePages<Correction>(['privacy', 'corrections', 'list', open], (cursor) =>
    take(api.GET('/api/corrections', { params: { query: { open, limit: 100, cursor } } })),
  );
  const mayDecide = (row: Correction) =>
    row.state === 'open' && (isOfficer || (me.user.role === 'doctor' && clinical.includes(row.subject)));
  const columns: Column<Correction>[] = [
    { id: 'when', label: t('emergency.when'), width: '150px', cell: (row) => formats.dateTime(row.requested_at) },
    { id: 'whose', label: t('emergency.whose'), width: '170px', cell: (row) => row.pseudonym },
    {
      id: 'subject',
      label: t('privacy.correction.subject'),
      cell: (row) => t(`privacy.correction.subject.${row.subject}`),
    },
    { id: 'words', label: t('privacy.correction.words'), width: '2fr', cell: (row) => row.words },
    {
      id: 'state',
      label: t('privacy.correction.state'),
      width: '1.4fr',
      cell: (row) => (
        <Group gap="xs">
          <span>
            {row.state === 'open'
              ? t('privacy.correction.due', { day: formats.date(row.due_at) })
              : t(`privacy.correction.state.${row.state}`)}
          </span>
          <Button size="xs" variant="default" onClick={() => setChosen(row)}>
            {t(mayDecide(row) ? 'privacy.correction.decide' : 'emergency.show')}
          </Button>
        </Group>
      ),
    },
  ];
  return (
    <section aria-labelledby="privacy-corrections">
      <Group justify="space-between" mb="sm">
        <Title order={2} fz={18} id="privacy-corrections">
          {t('privacy.corrections')}
        </Title>
        <NativeSelect
          aria-label={t('privacy.correction.state')}
          value={open ? 'open' : 'all'}
          onChange={(event) => setOpen(event.currentTarget.value === 'open')}
          data={[
            { value: 'open', label: t('privacy.correction.state.open') },
            { value: 'all', label: t('common.all') },
          ]}
        />
      </Group>
      <PagedTable
        label={t('privacy.corrections.list')}
        pages={pages}
        columns={columns}
        rowKey={(row) => row.correction_id}
        empty={<Empty title={t('privacy.corrections.none')} icon={<IconChecklist size={40} stroke={1.2} />} />}
      />
      {chosen && (
        <DecisionDialog
          row={chosen}
          mayDecide={mayDecide(chosen)}
          onClose={() => setChosen(null)}
          onSettled={() => void client.invalidateQueries({ queryKey: ['privacy', 'corrections'] })}
        />
      )}
    </section>
  );
}

function DecisionDialog({
  row,
  mayDecide,
  onClose,
  onSettled,
}: {
  row: Correction;
  mayDecide: boolean;
  onClose: () => void;
  onSettled: () => void;
}) {
  const t = useT();
  const [accept, setAccept] = useState(true);
  const path = { correction_id: row.correction_id };
  return (
    <ReasonDialog
      title={t('privacy.correction.title', { name: row.pseudonym })}
      text={mayDecide ? t('privacy.correction.decide.text') : ''}
      label={t('privacy.correction.answer')}
      act={t('common.save')}
      done={t('common.saved')}
      run={(answer) =>
        take(api.POST('/api/corrections/{correction_id}/decision', { params: { path }, body: { accept, answer } }))
      }
      isReadOnly={!mayDecide}
      onClose={onClose}
      onSettled={onSettled}
    >
      <CorrectionFacts row={row} />
      {mayDecide && (
        <Radio.Group
          label={t('privacy.correction.decision')}
          value={accept ? 'accept' : 'decline'}
          onChange={(value) => setAccept(value === 'accept')}
        >
          <Stack gap="xs" mt="xs">
            <Radio value="accept" label={t('privacy.correction.accept')} />
            <Radio value="decline" label={t('privacy.correction.decline')} />
          </Stack>
        </Radio.Group>
      )}
    </ReasonDialog>
  );
}
