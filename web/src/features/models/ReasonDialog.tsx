import { Button, Group, Stack, Text, Textarea } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { asProblem } from '@/api/problem';
import { useT } from '@/i18n';
import { Dialog } from '@/shared/Dialog';
import { useFieldText } from '@/shared/problems';
import { ErrorNote } from '@/shared/states';
import { toast } from '@/shared/toast';
import { useRenewModels } from './queries';

/** Asks why, does it, and says so; what the server refuses stands in the dialog. */
export function ReasonDialog({
  title,
  text,
  act,
  done,
  run,
  onClose,
  children,
}: {
  title: string;
  /** What will happen. */
  text: string;
  /** The word on the button. */
  act: string;
  /** What is said when it is done. */
  done: string;
  run: (reason: string) => Promise<unknown>;
  onClose: () => void;
  /** Further fields, above the reason. */
  children?: ReactNode;
}) {
  const t = useT();
  const fieldText = useFieldText();
  const renew = useRenewModels();
  const [reason, setReason] = useState('');
  const doing = useMutation({
    mutationFn: () => run(reason.trim()),
    onSuccess: () => {
      toast(done);
      onClose();
    },
    // A refusal often means that somebody else was faster: the page shows what is true now.
    onSettled: renew,
  });
  const problem = doing.error ? asProblem(doing.error) : null;
  const wrongReason = fieldText(problem, 'reason');
  return (
    <Dialog onClose={onClose} title={title}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          doing.mutate();
        }}
      >
        <Stack>
          <Text size="sm">{text}</Text>
          {children}
          <Textarea
            label={t('models.reason')}
            description={t('models.reason.text')}
            required
            data-autofocus
            rows={4}
            maxLength={2000}
            value={reason}
            error={wrongReason}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
          {problem && !wrongReason && <ErrorNote error={problem} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t('common.cancel')}
            </Button>
            <Button type="submit" loading={doing.isPending} disabled={reason.trim() === ''}>
              {act}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
