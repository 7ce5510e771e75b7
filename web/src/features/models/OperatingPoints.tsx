import { Text } from '@mantine/core';
import type { ModelFigures } from '@/api/types';
import { useT } from '@/i18n';
import { useFormats } from '@/shared/format';
import classes from './models.module.css';
import { RateText } from './RateText';

const points = ['flagged', 'high'] as const;
const rates = ['sensitivity', 'specificity', 'precision', 'accuracy'] as const;

/** What the model flags, and what it calls high, against signed reviews. */
export function OperatingPoints({ figures }: { figures: ModelFigures }) {
  const t = useT();
  const formats = useFormats();
  const { auroc_interval: interval } = figures;
  const single: [string, string | undefined][] = [
    [
      t('models.auroc'),
      figures.auroc == null
        ? undefined
        : formats.fine(figures.auroc) +
          (interval ? ` (${formats.fine(interval.low)}–${formats.fine(interval.high)})` : ''),
    ],
    [
      t('models.ece'),
      figures.expected_calibration_error == null ? undefined : formats.fine(figures.expected_calibration_error),
    ],
    [t('models.brier'), figures.brier == null ? undefined : formats.fine(figures.brier)],
  ];
  return (
    <>
      <div className="scroll-x" tabIndex={0} role="group" aria-label={t('models.live')}>
        <table className={classes.table}>
          <caption>{t('models.live')}</caption>
          <thead>
            <tr>
              <td />
              {points.map((point) => (
                <th key={point} scope="col">
                  {t(`models.point.${point}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rates.map((rate) => (
              <tr key={rate}>
                <th scope="row">{t(`models.${rate}`)}</th>
                {points.map((point) => (
                  <td key={point}>
                    <RateText rate={figures[point][rate]} />
                  </td>
                ))}
              </tr>
            ))}
            <tr>
              <th scope="row">{t('models.f1')}</th>
              {points.map((point) => {
                const { f1_score } = figures[point];
                return <td key={point}>{f1_score == null ? '–' : formats.fine(f1_score)}</td>;
              })}
            </tr>
          </tbody>
        </table>
      </div>
      <Text size="xs" c="dimmed" mt={6}>
        {t('models.live.text')} {t('models.interval')}
      </Text>
      <div className="figures" style={{ marginTop: 12 }}>
        {single
          .filter(([, value]) => value !== undefined)
          .map(([label, value]) => (
            <div key={label}>
              <div className="figure-label">{label}</div>
              <div className={classes.figure}>{value}</div>
            </div>
          ))}
      </div>
    </>
  );
}
