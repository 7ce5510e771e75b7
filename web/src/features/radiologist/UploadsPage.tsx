import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconUpload } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import type { ReportStatus, RiskCategory } from '@/api/types';
import { useMe } from '@/app/session';
import { useT } from '@/i18n';
import { useNow } from '@/shared/clock';
import { useFormats } from '@/shared/format';
import { PageTitle } from '@/shared/states';
import { ReportsTable, useReports } from '../reports/ReportsTable';
import { figuresOf } from './figures';
import classes from './radiologist.module.css';

/** The radiologist's own uploads: figures, filters, live status and score. */
export function UploadsPage() {
  const t = useT();
  const me = useMe();
  const [status, setStatus] = useState<ReportStatus | ''>('');
  const [risk, setRisk] = useState<RiskCategory | ''>('');
  const [text, setText] = useState('');
  const [search] = useDebouncedValue(text.trim(), 250);
  return (
    <div className="page">
      <PageTitle
        text={t('uploads.text')}
        aside={
          <Button component={Link} to="/upload" leftSection={<IconUpload size={18} aria-hidden />}>
            {t('nav.upload')}
          </Button>
        }
      >
        {t('nav.uploads')}
      </PageTitle>
      <Figures radiologistId={me.user.id} />
      <div className="row" style={{ margin: '20px 0 14px' }}>
        <TextInput
          label={t('common.search')}
          placeholder={t('reports.patient')}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <NativeSelect
          label={t('reports.status')}
          value={status}
          onChange={(event) => setStatus(event.currentTarget.value as ReportStatus | '')}
          data={[
            { value: '', label: t('common.all') },
            ...(['pending', 'analyzing', 'analyzed', 'reviewed'] as const).map((value) => ({
              value,
              label: t(`status.${value}`),
            })),
          ]}
        />
        <NativeSelect
          label={t('reports.risk')}
          value={risk}
          onChange={(event) => setRisk(event.currentTarget.value as RiskCategory | '')}
          data={[
            { value: '', label: t('common.all') },
            ...(['high', 'medium', 'low'] as const).map((value) => ({ value, label: t(`risk.${value}`) })),
          ]}
        />
      </div>
      <ReportsTable
        label={t('nav.uploads')}
        filter={{
          radiologist_id: me.user.id,
          ...(status ? { status } : {}),
          ...(risk ? { risk_score: risk } : {}),
          ...(search ? { search } : {}),
        }}
      />
    </div>
  );
}

function Figures({ radiologistId }: { radiologistId: string }) {
  const t = useT();
  const formats = useFormats();
  const now = useNow();
  const pages = useReports({ radiologist_id: radiologistId });
  const figures = useMemo(() => pages.items && figuresOf(pages.items, new Date(now)), [pages.items, now]);
  if (!figures) return null;
  const most = Math.max(1, ...figures.perDay.map(({ count }) => count));
  const tiles: [string, string][] = [
    [t('uploads.total'), `${formats.whole(figures.total)}${pages.hasNextPage ? '+' : ''}`],
    [t('uploads.waiting'), formats.whole(figures.waiting)],
    [t('uploads.analyzed'), formats.whole(figures.analyzed)],
    [t('uploads.reviewed'), formats.whole(figures.reviewed)],
    [t('uploads.high'), formats.whole(figures.high)],
    [t('uploads.unscored'), formats.whole(figures.unscored)],
    [
      t('uploads.median'),
      figures.medianAnalysisMinutes === null
        ? '–'
        : figures.medianAnalysisMinutes < 1
          ? `${Math.round(figures.medianAnalysisMinutes * 60)} s`
          : t('wait.minutes', { value: formats.whole(figures.medianAnalysisMinutes) }),
    ],
  ];
  return (
    <section aria-label={t('uploads.figures')} className="panel">
      <div className="figures">
        {tiles.map(([label, value]) => (
          <div key={label}>
            <div className="figure-label">{label}</div>
            <div className="figure-value">{value}</div>
          </div>
        ))}
      </div>
      <div className="figure-label" style={{ marginTop: 14 }}>
        {t('uploads.perDay')}
      </div>
      <div
        className={classes.bars}
        role="img"
        aria-label={figures.perDay.map(({ day, count }) => `${formats.day(day)}: ${count}`).join(', ')}
      >
        {figures.perDay.map(({ day, count }) => (
          <div
            key={day}
            className={classes.bar}
            title={`${formats.day(day)}: ${count}`}
            style={{ height: `${(count / most) * 100}%` }}
          />
        ))}
      </div>
    </section>
  );
}
