import { Button, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { api, take } from '@/api/client';
import type { EmergencyReport } from '@/api/types';
import { HistoryView } from '@/features/patients/HistoryView';
import { StatementList } from '@/features/privacy/Statements';
import { useSpeech } from '@/i18n';
import { useFormats } from '@/shared/format';
import { Risk } from '@/shared/Risk';
import { PageTitle, Shown } from '@/shared/states';
import classes from './emergency.module.css';

/** A patient's record that was opened in an emergency: to be read, and nothing else. */
export function RecordPage() {
  const { t } = useSpeech();
  const formats = useFormats();
  const { accessId } = useParams({ from: '/members/emergencies/$accessId' });
  const record = useQuery({
    queryKey: ['emergencies', accessId, 'record'],
    queryFn: () =>
      take(api.GET('/api/emergency-accesses/{access_id}/record', { params: { path: { access_id: accessId } } })),
    gcTime: 0,
    retry: false,
  });
  return (
    <div className="page">
      <Shown query={record}>
        {({ patient, history, reports, disagreements }) => (
          <>
            <PageTitle text={t('emergency.record.text')}>{patient.name}</PageTitle>
            <dl className="facts">
              <dt>{t('emergency.born')}</dt>
              <dd>{formats.day(patient.date_of_birth)}</dd>
              <dt>{t('emergency.way.identifier')}</dt>
              <dd>{patient.identifiers.join(', ') || '–'}</dd>
            </dl>
            <Title order={2} fz={18} mt="lg" mb="sm">
              {t('nav.history')}
            </Title>
            {history ? (
              <HistoryView history={history} />
            ) : (
              <Text size="sm" c="dimmed">
                {t('history.none')}
              </Text>
            )}
            <StatementList items={disagreements} />
            <Title order={2} fz={18} mt="lg" mb="sm">
              {t('emergency.reports')}
            </Title>
            <Stack>
              {reports.map((report) => (
                <ReportCard key={report.report_id} accessId={accessId} report={report} />
              ))}
              {reports.length === 0 && (
                <Text size="sm" c="dimmed">
                  {t('emergency.reports.none')}
                </Text>
              )}
            </Stack>
          </>
        )}
      </Shown>
      <Text mt="xl">
        <Link to="/emergencies">{t('nav.emergencies')}</Link>
      </Text>
    </div>
  );
}

function ReportCard({ accessId, report }: { accessId: string; report: EmergencyReport }) {
  const { t } = useSpeech();
  const formats = useFormats();
  const [open, setOpen] = useState(false);
  const path = { access_id: accessId, report_id: report.report_id };
  const detail = useQuery({
    queryKey: ['emergencies', accessId, report.report_id],
    queryFn: () => take(api.GET('/api/emergency-accesses/{access_id}/reports/{report_id}', { params: { path } })),
    enabled: open,
    gcTime: 0,
    retry: false,
  });
  return (
    <article className={classes.report} aria-label={formats.dateTime(report.upload_date)}>
      <div className="row" style={{ justifyContent: 'space-between' }}>
        <span>
          {formats.dateTime(report.upload_date)} · {t(`status.${report.status}`)}
        </span>
        <Risk risk={report.risk_score} />
        <Button size="xs" variant="default" aria-expanded={open} onClick={() => setOpen((old) => !old)}>
          {t(open ? 'emergency.hide' : 'emergency.show')}
        </Button>
      </div>
      {report.findings && (
        <Text size="sm" mt="xs" className="prewrap">
          {report.findings}
        </Text>
      )}
      {open && (
        <Shown query={detail} rows={2}>
          {({ images, reviews, addenda }) => (
            <>
              {reviews.map((review) => (
                <dl key={review.review_id} className="facts">
                  <dt>{t('emergency.signed')}</dt>
                  <dd>
                    {review.doctor_name ?? '–'} · {review.reviewed_at ? formats.dateTime(review.reviewed_at) : '–'}
                  </dd>
                  <dt>{t('review.findings')}</dt>
                  <dd className="prewrap">{review.clinical_findings ?? '–'}</dd>
                  <dt>{t('review.action')}</dt>
                  <dd className="prewrap">{review.recommended_action ?? '–'}</dd>
                </dl>
              ))}
              {addenda.map((addendum) => (
                <Text key={addendum.addendum_id} size="sm" className="prewrap">
                  {formats.dateTime(addendum.created_at)}: {addendum.addendum}
                </Text>
              ))}
              <div className={classes.images}>
                {images.map((image) => (
                  <img
                    key={image.image_id}
                    alt={t('emergency.image')}
                    src={`/api/emergency-accesses/${accessId}/reports/${report.report_id}/images/${image.image_id}`}
                  />
                ))}
              </div>
            </>
          )}
        </Shown>
      )}
    </article>
  );
}
