import { Button, Text, Title } from '@mantine/core';
import { IconArrowLeft, IconDownload, IconRefresh } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { api, take } from '@/api/client';
import { findingsOf, linesOf, type ReportDetail } from '@/api/types';
import { useSpeech } from '@/i18n';
import { useFormats } from '@/shared/format';
import { Risk } from '@/shared/Risk';
import { useErrorText } from '@/shared/problems';
import { PageTitle, Shown } from '@/shared/states';
import { toast } from '@/shared/toast';
import { AiAdvice } from '../doctor/AiAdvice';
import { IdentityNote } from '../doctor/IdentityNote';
import { reportQuery } from '../doctor/usePriors';
import { HistoryCard } from '../patients/HistoryCard';
import { ReportPdf } from '../reports/ReportPdf';
import { ReviewText } from '../reports/ReviewText';
import { StatusBadge } from '../reports/StatusBadge';
import classes from './radiologist.module.css';

/** A report as its sender sees it, live. */
export function UploadedPage({ reportId }: { reportId: string }) {
  const { t } = useSpeech();
  const query = useQuery(reportQuery(reportId));
  return (
    <div className="page">
      <Text mb="sm" className="no-print">
        <Link to="/uploads">
          <IconArrowLeft size={16} aria-hidden style={{ verticalAlign: '-3px' }} /> {t('nav.uploads')}
        </Link>
      </Text>
      <Shown query={query}>{(detail) => <Uploaded detail={detail} />}</Shown>
    </div>
  );
}

function Uploaded({ detail }: { detail: ReportDetail }) {
  const { t, maybe } = useSpeech();
  const errorText = useErrorText();
  const formats = useFormats();
  const client = useQueryClient();
  const { report, images, analysis, not_assessed: notAssessed } = detail;
  const again = useMutation({
    mutationFn: () =>
      take(api.POST('/api/ai/analyze/{report_id}', { params: { path: { report_id: report.report_id } } })),
    onSuccess: () => {
      toast(t('ai.asked'));
      void client.invalidateQueries({ queryKey: ['report', report.report_id] });
    },
    onError: (error) => toast(errorText(error), 'bad'),
  });
  const reviews = detail.reviews.filter((review) => review.reviewed_at != null);
  return (
    <>
      <PageTitle text={maybe(`study.${report.study_type}`) ?? report.study_type}>{report.patient_name}</PageTitle>
      <div className="cards" style={{ gridTemplateColumns: 'repeat(auto-fill, minmax(min(100%, 420px), 1fr))' }}>
        <section className="panel">
          <Title order={2} fz={17} mb="sm">
            {t('search.reports')}
          </Title>
          <dl className="facts">
            <dt>{t('reports.status')}</dt>
            <dd>
              <span role="status">
                <StatusBadge status={report.status} />
              </span>
            </dd>
            <dt>{t('reports.date')}</dt>
            <dd>{formats.dateTime(report.upload_date)}</dd>
            <dt>{t('results.number')}</dt>
            <dd className="mono">{report.report_id}</dd>
            {detail.patient_identifier && (
              <>
                <dt>{t('patients.identifier')}</dt>
                <dd className="mono">{detail.patient_identifier}</dd>
              </>
            )}
            {report.patient_age != null && (
              <>
                <dt>{t('uploaded.age')}</dt>
                <dd>{t('common.years', { count: report.patient_age })}</dd>
              </>
            )}
            {report.patient_gender && (
              <>
                <dt>{t('patients.gender')}</dt>
                <dd>{t(`gender.${report.patient_gender}`)}</dd>
              </>
            )}
          </dl>
          <Button component={Link} to={`/patients/${report.patient_id}`} variant="default" size="xs" mt="md">
            {t('uploaded.patient')}
          </Button>
        </section>
        <section className="panel">
          <Title order={2} fz={17} mb="sm">
            {t('ai.title')}
          </Title>
          {analysis ? (
            <>
              <Risk risk={analysis.risk_category} score={analysis.risk_probability} filled />
              <dl className="facts" style={{ marginTop: 12 }}>
                {findingsOf(analysis).map((finding) => (
                  <div key={finding.name} style={{ display: 'contents' }}>
                    <dt>{maybe(`finding.${finding.name.toLowerCase()}`) ?? finding.name}</dt>
                    <dd className="mono">{formats.score(finding.probability)}</dd>
                  </div>
                ))}
              </dl>
              <AiAdvice risk={analysis.risk_category} lines={linesOf(report.recommendations).slice(0, -1)} />
            </>
          ) : (
            <Text size="sm">
              {report.status === 'pending' || report.status === 'analyzing'
                ? t('ai.waiting')
                : notAssessed
                  ? t('why.unscoredReason', { reason: maybe(`notAssessed.${notAssessed.code}`) ?? notAssessed.reason })
                  : t('ai.silent')}
            </Text>
          )}
          {report.status !== 'reviewed' && (
            <Button
              mt="md"
              size="xs"
              variant="default"
              leftSection={<IconRefresh size={16} aria-hidden />}
              loading={again.isPending}
              onClick={() => again.mutate()}
            >
              {t('ai.again')}
            </Button>
          )}
        </section>
        {detail.identity && (
          <div className="panel" style={{ padding: 0, overflow: 'hidden' }}>
            <IdentityNote detail={detail} mayConfirm={false} />
          </div>
        )}
        {images.map((image, index) => (
          <section key={image.image_id} className="panel">
            <Title order={2} fz={17} mb="sm">
              {t('room.image', { number: index + 1 })}
            </Title>
            <img
              className={classes.film}
              src={`${image.image_url}/rendered?format=jpeg&size=900`}
              alt={t('result.imageAlt', {
                study: maybe(`study.${report.study_type}`) ?? report.study_type,
                date: formats.date(report.upload_date),
              })}
            />
            <Button
              mt="sm"
              size="xs"
              component="a"
              href={image.image_url}
              download
              variant="default"
              leftSection={<IconDownload size={16} aria-hidden />}
            >
              {t('result.original', { format: image.image_format, size: formats.bytes(image.file_size) })}
            </Button>
          </section>
        ))}
        {reviews.map((review, index) => (
          <section key={review.review_id} className="panel">
            <Title order={2} fz={17} mb="sm">
              {t('review.title')}
            </Title>
            <ReviewText review={review} addenda={detail.addenda} forStaff />
            {index === 0 && <ReportPdf reportId={report.report_id} size="xs" />}
          </section>
        ))}
        <div className="panel" style={{ padding: 0 }}>
          <HistoryCard patientId={report.patient_id} given={report} />
        </div>
      </div>
    </>
  );
}
