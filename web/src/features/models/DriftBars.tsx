import type { QuantityDrift } from '@/api/types';
import { useT } from '@/i18n';
import { useFormats } from '@/shared/format';
import { sharesOf } from './governance';
import classes from './models.module.css';

const HEIGHT = 44;

/** Shares of cases a bin, then (outline) and now (filled), as a small picture. */
export function DriftBars({ drift, name }: { drift: QuantityDrift; name: string }) {
  const t = useT();
  const formats = useFormats();
  const [then, now] = [sharesOf(drift.reference), sharesOf(drift.recent)];
  const most = Math.max(...then, ...now, 0.01);
  const tall = (share: number) => (share / most) * HEIGHT;
  return (
    <svg
      className={classes.bars}
      viewBox={`0 0 ${then.length * 20} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={t('models.drift.picture', {
        name,
        then: then.map(formats.percent).join(', '),
        now: now.map(formats.percent).join(', '),
      })}
    >
      {then.map((share, bin) => (
        <g key={bin}>
          <rect data-then x={bin * 20 + 1} y={HEIGHT - tall(share)} width={8} height={tall(share)} />
          <rect data-now x={bin * 20 + 10} y={HEIGHT - tall(now[bin] ?? 0)} width={8} height={tall(now[bin] ?? 0)} />
        </g>
      ))}
    </svg>
  );
}
