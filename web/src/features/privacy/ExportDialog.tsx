import { NativeSelect } from '@mantine/core';
import { useState } from 'react';
import type { FoundPatient } from '@/api/types';
import { languageName, languages, useSpeech } from '@/i18n';
import { ReasonDialog } from '@/shared/ReasonDialog';
import { takeRecord } from './record';

/** Takes everything about a patient away on their behalf, with a reason. */
export function ExportDialog({ patient, onClose }: { patient: FoundPatient; onClose: () => void }) {
  const { t, language } = useSpeech();
  const [spoken, setSpoken] = useState(language);
  return (
    <ReasonDialog
      title={t('privacy.export.title', { name: patient.pseudonym })}
      text={t('privacy.export.text')}
      act={t('privacy.export')}
      done={t('privacy.export.done')}
      run={(reason) => takeRecord(patient.patient_id, spoken, reason)}
      onClose={onClose}
    >
      <NativeSelect
        label={t('privacy.export.language')}
        value={spoken}
        onChange={(event) => setSpoken(event.currentTarget.value)}
        data={languages.map((value) => ({ value, label: languageName(value) }))}
      />
    </ReasonDialog>
  );
}
