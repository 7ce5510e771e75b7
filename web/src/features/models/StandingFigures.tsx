import { Text } from '@mantine/core';
import { lazy, Suspense } from 'react';
import type { DayStanding } from '@/api/types';
import { useSpeech } from '@/i18n';
import { useFormats } from '@/shared/format';
import { Loading } from '@/shared/states';
import { Drift } from './Drift';
import { FirstImpressionFigures } from './FirstImpressionFigures';
import { OperatingPoints } from './OperatingPoints';
import { RateText } from './RateText';
import { Subgroups } from './Subgroups';

const StandingCharts = lazy(() => import('./StandingCharts').then((module) => ({ default: module.StandingCharts })));

/** The figures of the latest day, and how they moved over the days. */
export function StandingFigures({ latest, days }: { latest: DayStanding; days: DayStanding[] }) {
  const { t, maybe } = useSpeech();
  const formats = useFormats();
  const { answers, figures, drift, has_drift_reference } = latest.standing;
  const declined = Object.entries(figures.not_assessed);
  return (
    <>
      <Text size="sm" c="dimmed">
        {t('models.recorded', { time: formats.dateTime(latest.computed_at) })} ·{' '}
        {t('models.standing.period', { from: formats.date(figures.from), until: formats.date(figures.until) })}
      </Text>
      <dl className="facts" style={{ marginTop: 8 }}>
        <dt>{t('models.standing.answers')}</dt>
        <dd>
          {(['low', 'medium', 'high'] as const)
            .map((risk) => `${t(`risk.${risk}`)} ${formats.whole(answers[risk])}`)
            .join(' · ')}{' '}
          · {t('risk.none')} {formats.whole(answers.not_assessed)}
        </dd>
        <dt>{t('models.standing.signed')}</dt>
        <dd>{t('models.images', { count: figures.cases })}</dd>
        {declined.length > 0 && (
          <>
            <dt>{t('models.standing.declined')}</dt>
            <dd>
              {declined.map(([code, count]) => `${maybe(`notAssessed.${code}`) ?? code}: ${formats.whole(count)}`).join('; ')}
            </dd>
          </>
        )}
        <dt>{t('models.confirmed')}</dt>
        <dd>
          <RateText rate={figures.confirmed} />
        </dd>
      </dl>
      {figures.cases === 0 ? (
        <Text size="sm" mt="sm">
          {t('models.live.none')}
        </Text>
      ) : (
        <>
          <OperatingPoints figures={figures} />
          <Suspense fallback={<Loading rows={3} />}>
            <StandingCharts figures={figures} days={days} />
          </Suspense>
          <Subgroups subgroups={figures.subgroups} />
        </>
      )}
      {figures.first_impression && <FirstImpressionFigures figures={figures.first_impression} />}
      <Drift drift={drift} hasReference={has_drift_reference} />
    </>
  );
}
