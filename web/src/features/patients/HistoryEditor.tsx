import { Button, Group, Stack, Textarea, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, take } from '@/api/client';
import type { HistoryAnswer } from '@/api/types';
import { useT } from '@/i18n';
import { ErrorNote } from '@/shared/states';
import { toast } from '@/shared/toast';
import { changedParts, entriesOf, type HistoryList, type HistoryParts, historyLists, lifestyleOf, lifestyleParts } from './history';

interface HistoryEditorProps {
  patientId: string;
  history: HistoryAnswer;
  /** Whether the changes are proposed, for somebody else to decide on, or written. */
  proposing: boolean;
  onDone: () => void;
}

/** Changes a medical history, or proposes changes: one entry a line. */
export function HistoryEditor({ patientId, history, proposing, onDone }: HistoryEditorProps) {
  const t = useT();
  const client = useQueryClient();
  // Somebody who has proposed something goes on from there.
  const begun: HistoryParts = proposing ? { ...history, ...((history.proposal?.content ?? {}) as object) } : history;
  const [lists, setLists] = useState(
    () =>
      Object.fromEntries(historyLists.map((list) => [list, entriesOf(begun, list).join('\n')])) as Record<
        HistoryList,
        string
      >,
  );
  const [lifestyle, setLifestyle] = useState(() => lifestyleOf(begun));
  const [note, setNote] = useState(history.proposal?.note ?? '');
  const body = changedParts(history, lists, lifestyle);
  const params = { path: { patient_id: patientId } };
  const save = useMutation({
    mutationFn: () =>
      proposing
        ? take(
            api.POST('/api/patients/{patient_id}/history/proposals', {
              params,
              body: { ...body, note: note.trim() || null },
            }),
          )
        : take(api.PATCH('/api/patients/{patient_id}/history', { params, body })),
    onSuccess: (changed) => {
      client.setQueryData(['history', patientId], changed);
      toast(t(proposing ? 'history.proposed' : 'common.saved'));
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
        {proposing && (
          <Textarea
            label={`${t('history.note')} (${t('common.optional')})`}
            autosize
            minRows={2}
            maxLength={2000}
            value={note}
            onChange={(event) => setNote(event.currentTarget.value)}
          />
        )}
        {save.error ? <ErrorNote error={save.error} /> : null}
        <Group>
          <Button type="submit" loading={save.isPending} disabled={Object.keys(body).length === 0}>
            {t(proposing ? 'history.propose' : 'common.save')}
          </Button>
          <Button variant="default" onClick={onDone}>
            {t('common.cancel')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
