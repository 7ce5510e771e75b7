import { Button, Text } from '@mantine/core';
import { IconChevronRight, IconHeartbeat } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useSpeech } from '@/i18n';
import { useFormats } from '@/shared/format';
import { Empty, ErrorNote, Loading, PageTitle } from '@/shared/states';
import { useReports } from '../reports/ReportsTable';
import classes from './patient.module.css';

/** The patient's released results, newest first. */
export function ResultsPage() {
  const { t, maybe } = useSpeech();
  const formats = useFormats();
  const pages = useReports({});
  return (
    <div className="page page-narrow">
      <PageTitle text={t('results.text')}>{t('nav.results')}</PageTitle>
      {pages.error && !pages.items ? <ErrorNote error={pages.error} onRetry={() => void pages.refetch()} /> : null}
      {pages.isPending && <Loading rows={3} />}
      {pages.items?.length === 0 && (
        <Empty title={t('results.none')} icon={<IconHeartbeat size={46} stroke={1.2} />}>
          {t('results.none.text')}
        </Empty>
      )}
      <ul className={classes.list}>
        {pages.items?.map((report) => (
          <li key={report.report_id}>
            <Link to="/reports/$reportId" params={{ reportId: report.report_id }} className={classes.result}>
              <span>
                <strong>{maybe(`study.${report.study_type}`) ?? report.study_type}</strong>
                <Text component="span" size="sm" c="dimmed" display="block">
                  {t('results.taken', { date: formats.date(report.upload_date) })}
                </Text>
                <Text component="span" size="sm" display="block">
                  {t('results.read')}
                </Text>
              </span>
              <IconChevronRight size={22} aria-hidden />
            </Link>
          </li>
        ))}
      </ul>
      {pages.hasNextPage && (
        <Button variant="default" loading={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
          {t('common.more')}
        </Button>
      )}
    </div>
  );
}
