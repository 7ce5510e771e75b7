import { Group, TextInput } from '@mantine/core';
import { useState } from 'react';
import { api, take } from '@/api/client';
import { useT } from '@/i18n';
import { keep } from '@/shared/download';
import { momentOf } from './governance';
import { useRenewModels } from './queries';
import { ReasonDialog } from '@/shared/ReasonDialog';

/** Exports signed cases without identities as a tar file. */
export function TrainingSetDialog({ onClose }: { onClose: () => void }) {
  const t = useT();
  const renew = useRenewModels();
  const [from, setFrom] = useState('');
  const [until, setUntil] = useState('');
  const fetchAll = async (reason: string) => {
    const content = await take(
      api.POST('/api/models/training-set', {
        // Until the end of the last day that was named.
        body: { reason, from: momentOf(from), until: momentOf(until, 1) },
        parseAs: 'blob',
      }),
    );
    keep(content as unknown as Blob, `training-set-${new Date().toISOString().slice(0, 10)}.tar`);
  };
  return (
    <ReasonDialog
      onSettled={renew}
      title={t('models.export')}
      text={t('models.export.text')}
      act={t('models.export')}
      done={t('models.export.done')}
      run={fetchAll}
      onClose={onClose}
    >
      <Group grow align="start">
        <TextInput
          type="date"
          label={`${t('models.export.from')} (${t('common.optional')})`}
          value={from}
          max={until || undefined}
          onChange={(event) => setFrom(event.currentTarget.value)}
        />
        <TextInput
          type="date"
          label={`${t('models.export.until')} (${t('common.optional')})`}
          value={until}
          min={from || undefined}
          onChange={(event) => setUntil(event.currentTarget.value)}
        />
      </Group>
    </ReasonDialog>
  );
}
