import { Button, Group, Text, TextInput } from '@mantine/core';
import { IconSend, IconUser } from '@tabler/icons-react';
import { useState } from 'react';
import { useT } from '@/i18n';
import { PageTitle } from '@/shared/states';
import { DropZone } from './DropZone';
import { PatientPicker } from './PatientPicker';
import classes from './radiologist.module.css';
import { UnitCard } from './UnitCard';
import { isSendable } from './units';
import { useUploads } from './useUploads';

/** Films in: many at once, each with its checks, its patient and its progress. */
export function UploadPage() {
  const t = useT();
  const [picking, setPicking] = useState(false);
  const { units, outcomes, going, studyType, symptoms, isKept, uploads } = useUploads();
  const ready = units.filter(isSendable).length;
  const undone = units.filter((unit) => unit.state !== 'done');
  return (
    <div className="page">
      <PageTitle text={t('upload.text')}>{t('upload.title')}</PageTitle>
      <DropZone onFiles={(files) => void uploads.add(files)} />
      {units.length > 0 && (
        <>
          <div className={`row ${classes.details}`}>
            <TextInput
              label={`${t('upload.studyType')} (${t('common.optional')})`}
              placeholder="chest_xray"
              value={studyType}
              maxLength={100}
              onChange={(event) => uploads.describe({ studyType: event.currentTarget.value })}
            />
            <TextInput
              className={classes.grow}
              label={`${t('upload.symptoms')} (${t('common.optional')})`}
              placeholder={t('upload.symptoms.text')}
              value={symptoms}
              onChange={(event) => uploads.describe({ symptoms: event.currentTarget.value })}
            />
          </div>
          <Group mb="md">
            <Button
              leftSection={<IconSend size={18} aria-hidden />}
              disabled={ready === 0}
              loading={going}
              onClick={uploads.sendAll}
            >
              {t('upload.send', { count: ready })}
            </Button>
            {undone.length > 1 && (
              <Button
                variant="default"
                leftSection={<IconUser size={18} aria-hidden />}
                onClick={() => setPicking(true)}
              >
                {t('upload.patientForAll')}
              </Button>
            )}
            {units.length > undone.length && (
              <Button variant="default" onClick={uploads.clearDone}>
                {t('upload.clearDone')}
              </Button>
            )}
          </Group>
          {undone.length > 0 && (
            <Text size="sm" c="dimmed" mb="sm">
              {t(isKept ? 'upload.kept' : 'upload.notKept')}
            </Text>
          )}
          <ul className={classes.units} aria-label={t('upload.list')}>
            {units.map((unit) => (
              <UnitCard
                key={unit.id}
                unit={unit}
                outcome={outcomes[unit.id]}
                onPatient={(patient) => uploads.setPatient(unit.id, patient)}
                onRetry={() => uploads.retry(unit.id)}
                onRemove={() => uploads.remove(unit.id)}
              />
            ))}
          </ul>
        </>
      )}
      {picking && (
        <PatientPicker
          opened
          onClose={() => setPicking(false)}
          onChoose={uploads.setPatientForAll}
          identity={undone[0]?.identity ?? null}
        />
      )}
    </div>
  );
}
