import { Button, Group, Stack, Text, Textarea } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { asProblem } from '@/api/problem';
import { useT } from '@/i18n';
import { Dialog } from './Dialog';
import { useFieldText } from './problems';
import { ErrorNote } from './states';
import { toast } from './toast';

/** Asks why, does it, and says so; what the server refuses stands in the dialog. */
export function ReasonDialog({
  title,
  text,
  label,
  act,
  done,
  run,
  onClose,
  onSettled,
  isReadOnly = false,
  children,
}: {
  title: string;
  /** What will happen. */
  text: string;
  /** What is asked for; a reason where nothing else is said. */
  label?: string;
  /** The word on the button. */
  act: string;
  /** What is said when it is done. */
  done: string;
  run: (reason: string) => Promise<unknown>;
  onClose: () => void;
  /** A refusal often means that somebody else was faster: the page shows what is true now. */
  onSettled?: () => void;
  /** Only shows what is there. */
  isReadOnly?: boolean;
  /** Further fields, above the reason. */
  children?: ReactNode;
}) {
  const t = useT();
  const fieldText = useFieldText();
  const [reason, setReason] = useState('');
  const doing = useMutation({
    mutationFn: () => run(reason.trim()),
    onSuccess: () => {
      toast(done);
      onClose();
    },
    onSettled,
  });
  const problem = doing.error ? asProblem(doing.error) : null;
  const wrongReason = ['reason', 'answer', 'statement'].map((field) => fieldText(problem, field)).find(Boolean);
  return (
    <Dialog onClose={onClose} title={title}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          doing.mutate();
        }}
      >
        <Stack>
          {text && <Text size="sm">{text}</Text>}
          {children}
          {!isReadOnly && (
            <Textarea
              label={label ?? t('emergency.reason')}
              description={t('common.reason.text')}
              required
              data-autofocus
              rows={4}
              maxLength={2000}
              value={reason}
              error={wrongReason}
              onChange={(event) => setReason(event.currentTarget.value)}
            />
          )}
          {problem && !wrongReason && <ErrorNote error={problem} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t(isReadOnly ? 'common.close' : 'common.cancel')}
            </Button>
            {!isReadOnly && (
              <Button type="submit" loading={doing.isPending} disabled={reason.trim() === ''}>
                {act}
              </Button>
            )}
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
