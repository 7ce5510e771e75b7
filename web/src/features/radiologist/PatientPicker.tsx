import { Button, Group, Stack, Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconSearch, IconUserPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, take } from '@/api/client';
import type { Patient } from '@/api/types';
import { useT } from '@/i18n';
import { Dialog } from '@/shared/Dialog';
import { useFormats } from '@/shared/format';
import { Shown } from '@/shared/states';
import type { DicomIdentity } from './dicom';
import { NewPatientForm } from './NewPatientForm';
import classes from './radiologist.module.css';

/** Finds a registered patient, or registers a new one with what the film says. */
export function PatientPicker({
  opened,
  onClose,
  onChoose,
  identity,
}: {
  opened: boolean;
  onClose: () => void;
  onChoose: (patient: Patient) => void;
  identity: DicomIdentity | null;
}) {
  const t = useT();
  const formats = useFormats();
  const [text, setText] = useState(identity?.patientId ?? '');
  const [isNew, setIsNew] = useState(false);
  const [search] = useDebouncedValue(text.trim(), 200);
  const query = useQuery({
    queryKey: ['patients', 'picker', search],
    queryFn: () => take(api.GET('/api/patients', { params: { query: { search: search || undefined, limit: 8 } } })),
    enabled: opened && !isNew,
  });
  const choose = (patient: Patient) => {
    onChoose(patient);
    setIsNew(false);
    onClose();
  };
  return (
    <Dialog opened={opened} onClose={onClose} title={t(isNew ? 'upload.newPatient' : 'upload.choosePatient')} size="lg">
      {isNew ? (
        <NewPatientForm identity={identity} onDone={choose} onCancel={() => setIsNew(false)} />
      ) : (
        <Stack>
          <TextInput
            data-autofocus
            label={t('common.search')}
            placeholder={t('patients.search')}
            leftSection={<IconSearch size={18} aria-hidden />}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
          />
          <Shown query={query} rows={3}>
            {({ items }) => (
              <ul className={classes.choices}>
                {items.map((patient) => (
                  <li key={patient.patient_id}>
                    <button type="button" onClick={() => choose(patient)}>
                      <strong>{patient.name}</strong>
                      <span>
                        {[patient.identifier, patient.date_of_birth && formats.day(patient.date_of_birth)]
                          .filter(Boolean)
                          .join(' · ')}
                      </span>
                    </button>
                  </li>
                ))}
                {items.length === 0 && <Text size="sm">{t('patients.none')}</Text>}
              </ul>
            )}
          </Shown>
          <Group>
            <Button
              variant="default"
              leftSection={<IconUserPlus size={18} aria-hidden />}
              onClick={() => setIsNew(true)}
            >
              {t('upload.newPatient')}
            </Button>
          </Group>
        </Stack>
      )}
    </Dialog>
  );
}
