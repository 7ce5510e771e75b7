import { Text } from '@mantine/core';
import type { Metric } from '@/api/types';
import { useT } from '@/i18n';
import { useFormats } from '@/shared/format';
import { wilson } from './modelCard';
import classes from './tech.module.css';

/** What the model said against what the doctors signed. */
export function ConfusionMatrix({ metric }: { metric: Metric }) {
  const t = useT();
  const formats = useFormats();
  const { true_positives: tp, false_positives: fp, false_negatives: fn, true_negatives: tn } = metric;
  const share = (hits: number, total: number) => {
    const interval = wilson(hits, total);
    return interval
      ? `${formats.score(hits / total)} (${formats.score(interval.low)}–${formats.score(interval.high)})`
      : '–';
  };
  return (
    <div>
      <table className={classes.matrix}>
        <caption>
          <Text component="span" size="sm" fw={600}>
            {t('models.matrix')}
          </Text>
        </caption>
        <thead>
          <tr>
            <th scope="col">{t('models.matrix.corner')}</th>
            <th scope="col">{t('models.matrix.doctorHigh')}</th>
            <th scope="col">{t('models.matrix.doctorNot')}</th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">{t('models.matrix.aiHigh')}</th>
            <td data-right>{tp}</td>
            <td data-wrong>{fp}</td>
          </tr>
          <tr>
            <th scope="row">{t('models.matrix.aiNot')}</th>
            <td data-wrong>{fn}</td>
            <td data-right>{tn}</td>
          </tr>
        </tbody>
      </table>
      <Text size="sm" mt={8}>
        {t('models.sensitivity')}: <span className="mono">{share(tp, tp + fn)}</span>
      </Text>
      <Text size="sm">
        {t('models.specificity')}: <span className="mono">{share(tn, tn + fp)}</span>
      </Text>
      <Text size="xs" c="dimmed">
        {t('models.interval')}
      </Text>
    </div>
  );
}
