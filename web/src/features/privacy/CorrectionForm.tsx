import { Button, Group, NativeSelect, Stack, Textarea } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api, take } from '@/api/client';
import { asProblem } from '@/api/problem';
import type { CorrectionSubject } from '@/api/types';
import { useT } from '@/i18n';
import { useFieldText } from '@/shared/problems';
import { ErrorNote } from '@/shared/states';
import { toast } from '@/shared/toast';

const subjects: CorrectionSubject[] = [
  'name',
  'date_of_birth',
  'contact',
  'report_assignment',
  'report_text',
  'history',
  'other',
];

/** Asks for a correction: of the own record, or of a patient's on their behalf. */
export function CorrectionForm({ patientId, onDone }: { patientId?: string; onDone: () => void }) {
  const t = useT();
  const fieldText = useFieldText();
  const [subject, setSubject] = useState<CorrectionSubject>('name');
  const [words, setWords] = useState('');
  const request = useMutation({
    mutationFn: () =>
      take(api.POST('/api/corrections', { body: { patient_id: patientId, subject, words: words.trim() } })),
    onSuccess: () => {
      toast(t('privacy.correction.sent'));
      setWords('');
      onDone();
    },
  });
  const problem = request.error ? asProblem(request.error) : null;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        request.mutate();
      }}
    >
      <Stack>
        <NativeSelect
          label={t('privacy.correction.subject')}
          value={subject}
          onChange={(event) => setSubject(event.currentTarget.value as CorrectionSubject)}
          data={subjects.map((value) => ({ value, label: t(`privacy.correction.subject.${value}`) }))}
        />
        <Textarea
          label={t('privacy.correction.words')}
          description={t('privacy.correction.words.text')}
          required
          autosize
          minRows={3}
          maxLength={2000}
          value={words}
          error={fieldText(problem, 'words')}
          onChange={(event) => setWords(event.currentTarget.value)}
        />
        {problem && problem.errors.length === 0 && <ErrorNote error={problem} />}
        <Group>
          <Button type="submit" loading={request.isPending} disabled={!words.trim()}>
            {t('privacy.correction.send')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
