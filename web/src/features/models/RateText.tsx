import type { Rate } from '@/api/types';
import { useT } from '@/i18n';
import { useFormats } from '@/shared/format';
import classes from './models.module.css';

/** A share with its 95 % interval and its counts; a dash where there is nothing to count. */
export function RateText({ rate }: { rate: Rate | null | undefined }) {
  const t = useT();
  const formats = useFormats();
  if (!rate) return <span>–</span>;
  const interval = `${formats.percent(rate.interval.low)}–${formats.percent(rate.interval.high)}`;
  return (
    <span className={classes.rate}>
      <span>
        <strong>{formats.percent(rate.value)}</strong> <span className={classes.whole}>({interval})</span>
      </span>{' '}
      <span className={classes.counts}>{t('models.countOf', { hits: rate.count, total: rate.of })}</span>
    </span>
  );
}
