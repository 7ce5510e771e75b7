import { Button, Group, Radio, Stack, Text, Textarea } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, take } from '@/api/client';
import { asProblem } from '@/api/problem';
import type { EmergencyAccess } from '@/api/types';
import { useT } from '@/i18n';
import { Dialog } from '@/shared/Dialog';
import { useFieldText } from '@/shared/problems';
import { ErrorNote } from '@/shared/states';
import { toast } from '@/shared/toast';

const outcomes = ['justified', 'not_justified'] as const;

/** A privacy officer's word on an access in an emergency. */
export function ReviewDialog({ access, onClose }: { access: EmergencyAccess; onClose: () => void }) {
  const t = useT();
  const fieldText = useFieldText();
  const client = useQueryClient();
  const [outcome, setOutcome] = useState<(typeof outcomes)[number] | ''>('');
  const [note, setNote] = useState('');
  const review = useMutation({
    mutationFn: (said: (typeof outcomes)[number]) =>
      take(
        api.POST('/api/emergency-accesses/{access_id}/review', {
          params: { path: { access_id: access.access_id } },
          body: { outcome: said, note: note.trim() },
        }),
      ),
    onSuccess: () => {
      toast(t('common.saved'));
      void client.invalidateQueries({ queryKey: ['emergencies'] });
      onClose();
    },
  });
  const problem = review.error ? asProblem(review.error) : null;
  return (
    <Dialog onClose={onClose} title={t('emergency.review.title', { name: access.user_name ?? '–' })}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (outcome) review.mutate(outcome);
        }}
      >
        <Stack>
          <Text size="sm" className="prewrap">
            {access.reason}
          </Text>
          <Radio.Group
            label={t('emergency.outcome')}
            required
            value={outcome}
            onChange={(value) => setOutcome(value as typeof outcome)}
          >
            <Stack gap="xs" mt="xs">
              {outcomes.map((value) => (
                <Radio key={value} value={value} label={t(`emergency.outcome.${value}`)} />
              ))}
            </Stack>
          </Radio.Group>
          <Textarea
            label={t('emergency.note')}
            required
            autosize
            minRows={2}
            maxLength={2000}
            value={note}
            error={fieldText(problem, 'note')}
            onChange={(event) => setNote(event.currentTarget.value)}
          />
          {problem && problem.errors.length === 0 && <ErrorNote error={problem} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t('common.cancel')}
            </Button>
            <Button type="submit" loading={review.isPending} disabled={!outcome || !note.trim()}>
              {t('common.save')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
