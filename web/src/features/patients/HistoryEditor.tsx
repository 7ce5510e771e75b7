import { Button, Group, Stack, Textarea, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, take } from '@/api/client';
import type { MedicalHistory } from '@/api/types';
import { useT } from '@/i18n';
import { ErrorNote } from '@/shared/states';
import { toast } from '@/shared/toast';
import { entriesOf, type HistoryList, historyLists, lifestyleOf, lifestyleParts, mergeEntries } from './history';

/** Changes a medical history: one entry a line. */
export function HistoryEditor({
  patientId,
  history,
  onDone,
}: {
  patientId: string;
  history: MedicalHistory | null;
  onDone: () => void;
}) {
  const t = useT();
  const client = useQueryClient();
  const [lists, setLists] = useState(
    () =>
      Object.fromEntries(historyLists.map((list) => [list, entriesOf(history, list).join('\n')])) as Record<
        HistoryList,
        string
      >,
  );
  const [lifestyle, setLifestyle] = useState(() => lifestyleOf(history));
  const save = useMutation({
    mutationFn: () =>
      take(
        api.PATCH('/api/patients/{patient_id}/history', {
          params: { path: { patient_id: patientId } },
          body: {
            ...Object.fromEntries(historyLists.map((list) => [list, mergeEntries(history?.[list], lists[list])])),
            lifestyle: { ...((history?.lifestyle ?? {}) as object), ...lifestyle },
          },
        }),
      ),
    onSuccess: (changed) => {
      client.setQueryData(['history', patientId], changed);
      toast(t('common.saved'));
      onDone();
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <Stack>
        {historyLists.map((list) => (
          <Textarea
            key={list}
            label={t(`history.${list}`)}
            description={t('history.perLine')}
            autosize
            minRows={2}
            value={lists[list]}
            onChange={(event) => {
              const { value } = event.currentTarget;
              setLists((old) => ({ ...old, [list]: value }));
            }}
          />
        ))}
        {lifestyleParts.map((part) => (
          <TextInput
            key={part}
            label={t(`history.${part}`)}
            value={lifestyle[part]}
            onChange={(event) => {
              const { value } = event.currentTarget;
              setLifestyle((old) => ({ ...old, [part]: value }));
            }}
          />
        ))}
        {save.error ? <ErrorNote error={save.error} /> : null}
        <Group>
          <Button type="submit" loading={save.isPending}>
            {t('common.save')}
          </Button>
          <Button variant="default" onClick={onDone}>
            {t('common.cancel')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
