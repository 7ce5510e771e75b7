import { ActionIcon, Button, Progress, Text } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck, IconCircleX, IconTrash } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { Patient, Receipt } from '@/api/types';
import { useT } from '@/i18n';
import { useFormats } from '@/shared/format';
import { Risk } from '@/shared/Risk';
import { useFileText, useWarningText } from '@/shared/problems';
import { ErrorNote } from '@/shared/states';
import { reportQuery } from '../doctor/usePriors';
import { StatusBadge } from '../reports/StatusBadge';
import { PatientPicker } from './PatientPicker';
import classes from './radiologist.module.css';
import { mismatches, type Unit } from './units';
import type { Outcome } from './uploads';

type Taken = Receipt['reports'][number];

interface UnitCardProps {
  unit: Unit;
  outcome: Outcome | undefined;
  onPatient: (patient: Patient | null) => void;
  onRetry: () => void;
  onRemove: () => void;
}

/** One examination on its way: its checks, its patient, its progress, and what became of it. */
export function UnitCard({ unit, outcome, onPatient, onRetry, onRemove }: UnitCardProps) {
  const t = useT();
  const fileText = useFileText();
  const formats = useFormats();
  const [picking, setPicking] = useState(false);
  const { identity, patient } = unit;
  const wrong = mismatches(identity, patient);
  const faulty = unit.files.some((file) => file.fault);
  const needsPatient = !patient && !identity?.patientId;
  const percent = unit.total > 0 ? Math.round((unit.sent / unit.total) * 100) : 0;
  const name = unit.files.length === 1 ? unit.files[0]?.file.name : t('upload.study', { count: unit.files.length });
  return (
    <li className={classes.unit} data-state={unit.state}>
      <div className={classes.unitHead}>
        <div>
          <Text fw={600}>{name}</Text>
          <Text size="xs" c="dimmed">
            {formats.bytes(unit.total)}
            {identity &&
              [identity.modality, identity.bodyPart, identity.view].filter(Boolean).length > 0 &&
              ` · ${[identity.modality, identity.bodyPart, identity.view].filter(Boolean).join(' ')}`}
          </Text>
        </div>
        {unit.state !== 'done' && (
          <ActionIcon
            variant="subtle"
            color="gray"
            size={32}
            aria-label={t('upload.remove', { name: name ?? '' })}
            onClick={onRemove}
          >
            <IconTrash size={18} aria-hidden />
          </ActionIcon>
        )}
      </div>
      <ul className={classes.checks}>
        {unit.files.map(({ file, kind, fault }) => (
          <li key={`${file.name}-${file.size}`} data-bad={fault ? true : undefined}>
            {fault ? <IconCircleX size={16} aria-hidden /> : <IconCircleCheck size={16} aria-hidden />}
            {unit.files.length > 1 && `${file.name}: `}
            {fault ? t(`upload.fault.${fault}`) : t('upload.kind', { kind: kind.toUpperCase() })}
          </li>
        ))}
        {!faulty && unit.state !== 'done' && (
          <li data-bad={needsPatient || undefined}>
            {needsPatient ? <IconAlertTriangle size={16} aria-hidden /> : <IconCircleCheck size={16} aria-hidden />}
            {patient
              ? t('upload.patient.chosen', { name: patient.name })
              : identity?.patientId
                ? t('upload.patient.header', {
                    name: identity.patientName ?? t('common.unknown'),
                    number: identity.patientId,
                  })
                : t('upload.patient.missing')}
          </li>
        )}
        {wrong.map((field) => (
          <li key={field} data-bad>
            <IconAlertTriangle size={16} aria-hidden />
            {t(`upload.mismatch.${field}`, {
              film:
                (field === 'name'
                  ? identity?.patientName
                  : field === 'number'
                    ? identity?.patientId
                    : formats.day(identity?.birthDate)) ?? '',
            })}
          </li>
        ))}
      </ul>
      {!faulty && (unit.state === 'ready' || unit.state === 'failed') && (
        <div className="row">
          <Button size="xs" variant="default" onClick={() => setPicking(true)}>
            {t(patient ? 'upload.otherPatient' : 'upload.choosePatient')}
          </Button>
          {patient && (
            <Button size="xs" variant="subtle" onClick={() => onPatient(null)}>
              {t('upload.useHeader')}
            </Button>
          )}
        </div>
      )}
      {(unit.state === 'sending' || unit.state === 'waiting') && (
        <div>
          <Progress value={percent} aria-label={t('upload.progress', { name: name ?? '' })} color="cyan.9" />
          <Text size="xs" c="dimmed" mt={4} role="status">
            {unit.state === 'waiting'
              ? t('upload.waiting')
              : percent < 100
                ? t('upload.sending', { percent })
                : t('upload.storing')}
          </Text>
        </div>
      )}
      {unit.state === 'failed' && outcome?.problem && <ErrorNote error={outcome.problem} onRetry={onRetry} />}
      {outcome?.problem?.rejected.map((rejected) => (
        <Text key={rejected.file} size="sm" c="var(--mantine-color-error)">
          {rejected.file}: {fileText(rejected)}
        </Text>
      ))}
      {outcome?.receipt?.rejected.map((rejected) => (
        <Text key={rejected.file} size="sm" c="var(--mantine-color-error)">
          {rejected.file}: {fileText(rejected)}
        </Text>
      ))}
      {outcome?.receipt?.reports.map((report) => (
        <TakenReport
          key={report.report_id}
          reportId={report.report_id}
          duplicate={report.duplicate}
          warnings={report.warnings}
        />
      ))}
      {picking && <PatientPicker opened onClose={() => setPicking(false)} onChoose={onPatient} identity={identity} />}
    </li>
  );
}

/** What became of an upload: status and score arrive by themselves. */
function TakenReport({ reportId, duplicate, warnings }: Pick<Taken, 'duplicate' | 'warnings'> & { reportId: string }) {
  const t = useT();
  const warningText = useWarningText();
  const query = useQuery(reportQuery(reportId));
  const report = query.data?.report;
  return (
    <div className={classes.taken}>
      <div className="row" style={{ alignItems: 'center' }}>
        {report && <StatusBadge status={report.status} />}
        {report && (report.status === 'analyzed' || report.status === 'reviewed') && (
          <Risk risk={report.risk_score} score={query.data?.analysis?.risk_probability} filled />
        )}
        <Link to="/reports/$reportId" params={{ reportId }}>
          {t('upload.open')}
        </Link>
      </div>
      {duplicate && <Text size="sm">{t('upload.duplicate')}</Text>}
      {warnings.map((warning) => (
        <Text key={warning.code} size="sm">
          <IconAlertTriangle size={15} aria-hidden /> {warningText(warning)}
        </Text>
      ))}
    </div>
  );
}
