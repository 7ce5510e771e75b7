import { Button, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { api, take } from '@/api/client';
import { useMe } from '@/app/session';
import { useT } from '@/i18n';
import { useFormats } from '@/shared/format';
import { PageTitle, Shown } from '@/shared/states';
import { ReportsTable } from '../reports/ReportsTable';
import { HistoryEditor } from './HistoryEditor';
import { HistoryView } from './HistoryView';
import { Statements } from '../privacy/Statements';
import { PatientActions } from './PatientActions';
import { ProposalNote } from './ProposalNote';
import { useHistory } from './useHistory';

/** A patient as staff sees one: who it is, the history, the films. */
export function PatientPage() {
  const t = useT();
  const formats = useFormats();
  const me = useMe();
  const { patientId } = useParams({ from: '/members/patients/$patientId' });
  const [editing, setEditing] = useState(false);
  const patient = useQuery({
    queryKey: ['patient', patientId],
    queryFn: () => take(api.GET('/api/patients/{patient_id}', { params: { path: { patient_id: patientId } } })),
  });
  const history = useHistory(patientId);
  return (
    <div className="page">
      <Shown query={patient}>
        {(person) => (
          <>
            <PageTitle>{person.name}</PageTitle>
            <div
              className="cards"
              style={{ gridTemplateColumns: 'repeat(auto-fit, minmax(min(100%, 420px), 1fr))', alignItems: 'start' }}
            >
              <section className="panel">
                <Title order={2} fz={17} mb="sm">
                  {t('patients.person')}
                </Title>
                <dl className="facts">
                  <dt>{t('patients.identifier')}</dt>
                  <dd className="mono">{person.identifier ?? '–'}</dd>
                  <dt>{t('auth.birthDate')}</dt>
                  <dd>{formats.day(person.date_of_birth)}</dd>
                  <dt>{t('patients.gender')}</dt>
                  <dd>{person.gender ? t(`gender.${person.gender}`) : '–'}</dd>
                  <dt>{t('auth.phone')}</dt>
                  <dd>{person.phone ?? '–'}</dd>
                  <dt>{t('auth.email')}</dt>
                  <dd>{person.email.endsWith('.invalid') ? '–' : person.email}</dd>
                </dl>
                <PatientActions patient={person} />
              </section>
              <section className="panel">
                <Title order={2} fz={17} mb="sm">
                  {t('nav.history')}
                </Title>
                <Shown query={history} rows={2}>
                  {(known) =>
                    editing ? (
                      <HistoryEditor
                        patientId={patientId}
                        history={known}
                        proposing={false}
                        onDone={() => setEditing(false)}
                      />
                    ) : (
                      <>
                        <HistoryView history={known} />
                        {me.user.role === 'doctor' && (
                          <Button mt="md" size="xs" variant="default" onClick={() => setEditing(true)}>
                            {t('common.edit')}
                          </Button>
                        )}
                        <ProposalNote history={known} />
                        <Statements patientId={patientId} />
                      </>
                    )
                  }
                </Shown>
              </section>
            </div>
          </>
        )}
      </Shown>
      <Title order={2} fz={19} mt="xl" mb="sm">
        {t('search.reports')}
      </Title>
      <ReportsTable label={t('search.reports')} filter={{ patient_id: patientId }} />
    </div>
  );
}
