import { Button, Code, Group, NativeSelect, Stack, Text, TextInput } from '@mantine/core';
import { IconKey, IconPencil, IconPrinter } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, take } from '@/api/client';
import { asProblem } from '@/api/problem';
import type { Gender, InvitationCode, Patient } from '@/api/types';
import { useT } from '@/i18n';
import { Dialog } from '@/shared/Dialog';
import { useFormats } from '@/shared/format';
import { useFieldText } from '@/shared/problems';
import { ErrorNote } from '@/shared/states';
import { toast } from '@/shared/toast';
import classes from './PatientActions.module.css';

/** What staff does with a patient's record: correct it, and invite the patient to the portal. */
export function PatientActions({ patient }: { patient: Patient }) {
  const t = useT();
  const [correcting, setCorrecting] = useState(false);
  const [code, setCode] = useState<InvitationCode | null>(null);
  const invite = useMutation({
    mutationFn: () =>
      take(
        api.POST('/api/patients/{patient_id}/invitation', { params: { path: { patient_id: patient.patient_id } } }),
      ),
    onSuccess: setCode,
  });
  return (
    <>
      <Group mt="md" gap="xs">
        <Button
          size="xs"
          variant="default"
          leftSection={<IconPencil size={16} aria-hidden />}
          onClick={() => setCorrecting(true)}
        >
          {t('patients.correct')}
        </Button>
        <Button
          size="xs"
          variant="default"
          leftSection={<IconKey size={16} aria-hidden />}
          loading={invite.isPending}
          onClick={() => invite.mutate()}
        >
          {t('patients.invite')}
        </Button>
      </Group>
      {invite.error ? (
        <div style={{ marginTop: 12 }}>
          <ErrorNote error={invite.error} />
        </div>
      ) : null}
      {correcting && <CorrectDialog patient={patient} onClose={() => setCorrecting(false)} />}
      {code && <CodeDialog patient={patient} code={code} onClose={() => setCode(null)} />}
    </>
  );
}

function CorrectDialog({ patient, onClose }: { patient: Patient; onClose: () => void }) {
  const t = useT();
  const fieldText = useFieldText();
  const client = useQueryClient();
  const known = {
    name: patient.name,
    identifier: patient.identifier ?? '',
    date_of_birth: patient.date_of_birth ?? '',
    gender: patient.gender ?? '',
    email: patient.email.endsWith('.invalid') ? '' : patient.email,
    phone: patient.phone ?? '',
  };
  const [values, setValues] = useState(known);
  const save = useMutation({
    mutationFn: () => {
      // Only what was changed is sent, so that nothing somebody else corrected meanwhile is undone.
      const changed = Object.fromEntries(
        Object.entries(values).filter(([name, value]) => value !== known[name as keyof typeof known]),
      );
      return take(
        api.PATCH('/api/patients/{patient_id}', {
          params: { path: { patient_id: patient.patient_id } },
          body: changed as { gender?: Gender },
        }),
      );
    },
    onSuccess: (corrected) => {
      client.setQueryData(['patient', patient.patient_id], corrected);
      void client.invalidateQueries({ queryKey: ['patients'] });
      toast(t('common.saved'));
      onClose();
    },
  });
  const problem = save.error ? asProblem(save.error) : null;
  const bind = (name: keyof typeof known) => ({
    value: values[name],
    error: fieldText(problem, name),
    onChange: (event: { currentTarget: { value: string } }) => {
      const { value } = event.currentTarget;
      setValues((old) => ({ ...old, [name]: value }));
    },
  });
  return (
    <Dialog onClose={onClose} title={t('patients.correct')} size="lg">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <Stack>
          <TextInput label={t('auth.name')} required data-autofocus {...bind('name')} />
          <TextInput
            label={t('patients.identifier')}
            description={t('patients.identifierHint')}
            required={patient.identifier != null}
            maxLength={64}
            {...bind('identifier')}
          />
          <Group grow align="start">
            <TextInput label={t('auth.birthDate')} type="date" {...bind('date_of_birth')} />
            <NativeSelect
              label={t('patients.gender')}
              {...bind('gender')}
              data={[
                ...(known.gender ? [] : [{ value: '', label: '–' }]),
                ...(['female', 'male', 'other'] as const).map((value) => ({ value, label: t(`gender.${value}`) })),
              ]}
            />
          </Group>
          <TextInput
            label={t('auth.email')}
            description={t('patients.emailOnce')}
            type="email"
            required={known.email !== ''}
            {...bind('email')}
          />
          <TextInput label={t('auth.phone')} type="tel" {...bind('phone')} />
          {problem && problem.errors.length === 0 && <ErrorNote error={problem} />}
          <Group>
            <Button type="submit" loading={save.isPending}>
              {t('common.save')}
            </Button>
            <Button variant="default" onClick={onClose}>
              {t('common.cancel')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}

/** A code to be handed over, said this once. */
function CodeDialog({ patient, code, onClose }: { patient: Patient; code: InvitationCode; onClose: () => void }) {
  const t = useT();
  const formats = useFormats();
  const link = `${location.origin}${code.path}`;
  return (
    <Dialog onClose={onClose} title={t('invite.title', { name: patient.name })} size="lg">
      <Stack className={classes.slip}>
        <Text>{t('invite.text')}</Text>
        <dl className="facts">
          <dt>{t('auth.name')}</dt>
          <dd>{patient.name}</dd>
          <dt>{t('auth.email')}</dt>
          <dd>{code.email}</dd>
          <dt>{t('invite.page')}</dt>
          <dd className="mono">{`${location.origin}/invitation`}</dd>
          <dt>{t('invite.code')}</dt>
          <dd>
            <Code className={classes.code}>{code.code}</Code>
          </dd>
          <dt>{t('invite.until')}</dt>
          <dd>{formats.dateTime(code.expires_at)}</dd>
        </dl>
        <TextInput label={t('invite.link')} readOnly value={link} onFocus={(event) => event.currentTarget.select()} />
        <Group className="no-print">
          <Button leftSection={<IconPrinter size={18} aria-hidden />} onClick={() => print()}>
            {t('invite.print')}
          </Button>
          <Button
            variant="default"
            onClick={() =>
              void navigator.clipboard.writeText(link).then(
                () => toast(t('invite.copied')),
                () => toast(t('invite.notCopied'), 'bad'),
              )
            }
          >
            {t('invite.copy')}
          </Button>
        </Group>
      </Stack>
    </Dialog>
  );
}
