import { Button, Group, NativeSelect, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, take } from '@/api/client';
import { asProblem } from '@/api/problem';
import type { Gender, Patient } from '@/api/types';
import { useT } from '@/i18n';
import { useFieldText } from '@/shared/problems';
import { ErrorNote } from '@/shared/states';
import type { DicomIdentity } from './dicom';

/** Registers a patient; what the film's head says is filled in. */
export function NewPatientForm({
  identity,
  onDone,
  onCancel,
}: {
  identity: DicomIdentity | null;
  onDone: (patient: Patient) => void;
  onCancel: () => void;
}) {
  const t = useT();
  const fieldText = useFieldText();
  const client = useQueryClient();
  const [values, setValues] = useState({
    name: identity?.patientName ?? '',
    identifier: identity?.patientId ?? '',
    issuer: identity?.issuer ?? '',
    date_of_birth: identity?.birthDate ?? '',
    gender: identity?.gender ?? '',
    email: '',
    phone: '',
  });
  const save = useMutation({
    mutationFn: () => {
      const text = (value: string) => value.trim() || null;
      return take(
        api.POST('/api/patients', {
          body: {
            name: values.name,
            identifier: text(values.identifier),
            issuer: text(values.issuer),
            date_of_birth: text(values.date_of_birth),
            gender: (values.gender || null) as Gender | null,
            email: text(values.email),
            phone: text(values.phone),
          },
        }),
      );
    },
    onSuccess: (patient) => {
      void client.invalidateQueries({ queryKey: ['patients'] });
      onDone(patient);
    },
  });
  const problem = save.error ? asProblem(save.error) : null;
  const bind = (name: keyof typeof values) => ({
    value: values[name],
    error: fieldText(problem, name),
    onChange: (event: { currentTarget: { value: string } }) => {
      const { value } = event.currentTarget;
      setValues((old) => ({ ...old, [name]: value }));
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
        {identity?.patientName && (
          <Text size="sm" c="dimmed">
            {t('upload.prefilled')}
          </Text>
        )}
        <TextInput label={t('auth.name')} required data-autofocus {...bind('name')} />
        <Group grow>
          <TextInput label={t('patients.identifier')} {...bind('identifier')} />
          <TextInput label={t('patients.issuer')} {...bind('issuer')} />
        </Group>
        <Group grow>
          <TextInput label={t('auth.birthDate')} type="date" {...bind('date_of_birth')} />
          <NativeSelect
            label={t('patients.gender')}
            {...bind('gender')}
            data={[
              { value: '', label: '–' },
              ...(['female', 'male', 'other'] as const).map((value) => ({ value, label: t(`gender.${value}`) })),
            ]}
          />
        </Group>
        <TextInput
          label={`${t('auth.email')} (${t('common.optional')})`}
          description={t('patients.emailHint')}
          type="email"
          {...bind('email')}
        />
        <TextInput label={`${t('auth.phone')} (${t('common.optional')})`} type="tel" {...bind('phone')} />
        {problem && problem.errors.length === 0 && <ErrorNote error={problem} />}
        <Group>
          <Button type="submit" loading={save.isPending}>
            {t('patients.register')}
          </Button>
          <Button variant="default" onClick={onCancel}>
            {t('common.back')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
