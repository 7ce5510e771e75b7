import { Button, Group, Text, Title } from '@mantine/core';
import { IconArrowLeft, IconDownload, IconEye, IconPrinter } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReportDetail } from '@/api/types';
import { findingsOf } from '@/api/types';
import { useSpeech } from '@/i18n';
import { useFormats } from '@/shared/format';
import { Risk } from '@/shared/Risk';
import { PageTitle, Shown } from '@/shared/states';
import { reportQuery } from '../doctor/usePriors';
import { ReportPdf } from '../reports/ReportPdf';
import { ReviewText } from '../reports/ReviewText';
import classes from './patient.module.css';
import { plainWords, tellingReview } from './summary';

/** A patient's result: plain words first, then the doctor's, then the image, then what the AI said. */
export function ResultPage({ reportId }: { reportId: string }) {
  const { t } = useSpeech();
  const query = useQuery(reportQuery(reportId));
  return (
    <div className="page page-narrow">
      <Text mb="sm" className="no-print">
        <Link to="/results">
          <IconArrowLeft size={16} aria-hidden style={{ verticalAlign: '-3px' }} /> {t('nav.results')}
        </Link>
      </Text>
      <Shown query={query}>{(detail) => <Result detail={detail} />}</Shown>
    </div>
  );
}

function Result({ detail }: { detail: ReportDetail }) {
  const { t, maybe, language } = useSpeech();
  const formats = useFormats();
  const { report, images, analysis } = detail;
  const review = tellingReview(detail);
  const plain = plainWords(detail, language);
  const study = maybe(`study.${report.study_type}`) ?? report.study_type;
  return (
    <article>
      <PageTitle text={t('results.taken', { date: formats.date(report.upload_date) })}>{study}</PageTitle>
      <div className="only-print">
        <p>
          {t('app.name')} · {report.patient_name} · {t('results.number')} {report.report_id}
        </p>
      </div>
      {review ? (
        <section className={`panel ${classes.summary}`} aria-labelledby="plain-heading">
          <Title order={2} fz={19} mb="sm" id="plain-heading">
            {t('result.plain')}
          </Title>
          {plain.verdict.map((sentence) => (
            <p key={sentence}>{sentence}</p>
          ))}
        </section>
      ) : (
        <section className="panel">
          <Text>{t('result.unread')}</Text>
        </section>
      )}
      {review && (
        <section className={`panel ${classes.section}`} aria-labelledby="doctor-heading">
          <Title order={2} fz={19} mb="sm" id="doctor-heading">
            {t('result.doctor')}
          </Title>
          <ReviewText review={review} addenda={detail.addenda} forStaff={false} />
          <Text size="sm" c="dimmed" mt="sm">
            {t('result.riskWords')}
          </Text>
          <ReportPdf reportId={report.report_id} />
        </section>
      )}
      {images.map((image, index) => (
        <section key={image.image_id} className={`panel ${classes.section}`} aria-labelledby={`image-${index}`}>
          <Title order={2} fz={19} mb="sm" id={`image-${index}`}>
            {images.length > 1 ? t('result.imageNumber', { number: index + 1 }) : t('result.image')}
          </Title>
          <img
            className={classes.film}
            src={`${image.image_url}/rendered?format=jpeg&size=1200`}
            alt={t('result.imageAlt', { study, date: formats.date(report.upload_date) })}
            width={image.width ?? undefined}
            height={image.height ?? undefined}
            loading={index > 0 ? 'lazy' : undefined}
          />
          <Group mt="sm" className="no-print">
            <Button
              component="a"
              href={`${image.image_url}/rendered?format=png`}
              download={`${report.study_type}-${report.upload_date.slice(0, 10)}-${index + 1}.png`}
              variant="default"
              leftSection={<IconDownload size={18} aria-hidden />}
            >
              {t('result.download')}
            </Button>
            <Button
              component="a"
              href={image.image_url}
              download
              variant="default"
              leftSection={<IconDownload size={18} aria-hidden />}
            >
              {t('result.original', { format: image.image_format, size: formats.bytes(image.file_size) })}
            </Button>
          </Group>
        </section>
      ))}
      {review && plain.program.length > 0 && (
        <section className={`panel ${classes.section}`} aria-labelledby="ai-heading">
          <Title order={2} fz={19} mb="sm" id="ai-heading">
            {t('result.ai')}
          </Title>
          {plain.program.map((sentence) => (
            <Text key={sentence} mb="sm">
              {sentence}
            </Text>
          ))}
          {analysis && <Risk risk={analysis.risk_category} score={analysis.risk_probability} filled />}
          {analysis && findingsOf(analysis).length > 0 && (
            <Text size="sm" c="dimmed" mt={4}>
              {t('result.ai.looked', {
                findings: findingsOf(analysis)
                  .map((finding) => maybe(`finding.${finding.name.toLowerCase()}`) ?? finding.name)
                  .join(', '),
              })}
            </Text>
          )}
          <Text size="sm" c="dimmed" mt={4}>
            {t('app.notDevice')}
          </Text>
        </section>
      )}
      <Group mt="lg" className="no-print">
        <Button leftSection={<IconPrinter size={18} aria-hidden />} onClick={() => print()}>
          {t('common.print')}
        </Button>
        <Button component={Link} to="/accesses" variant="default" leftSection={<IconEye size={18} aria-hidden />}>
          {t('nav.accesses')}
        </Button>
      </Group>
    </article>
  );
}
