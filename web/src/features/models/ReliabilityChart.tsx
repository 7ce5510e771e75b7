import { CartesianGrid, Line, LineChart, ReferenceLine, Tooltip, XAxis, YAxis } from 'recharts';
import type { CalibrationBin } from '@/api/types';
import { useT } from '@/i18n';
import { useFormats } from '@/shared/format';
import { ChartFrame } from './ChartFrame';
import { axis, hint, ideal, margin, share } from './chartStyle';
import { reliabilityPoints } from './governance';

/** What the model predicted against what came true. */
export function ReliabilityChart({ bins }: { bins: CalibrationBin[] }) {
  const t = useT();
  const formats = useFormats();
  const points = reliabilityPoints(bins);
  if (points.length === 0) return null;
  return (
    <ChartFrame title={t('models.reliability')} text={t('models.reliability.text')}>
      <LineChart data={points} margin={margin} accessibilityLayer>
        <CartesianGrid stroke="var(--portal-border)" />
        <XAxis
          {...share}
          tickFormatter={formats.plain}
          dataKey="predicted"
          label={{ value: t('models.reliability.x'), position: 'insideBottom', offset: -12, fill: axis.stroke }}
        />
        <YAxis {...share} tickFormatter={formats.plain} width={40} />
        <ReferenceLine segment={[{ x: 0, y: 0 }, { x: 1, y: 1 }]} {...ideal} />
        <Tooltip
          {...hint}
          labelFormatter={(label) => `${t('models.reliability.x')}: ${formats.score(Number(label))}`}
          formatter={(value, _name, { payload }) => [
            `${formats.score(Number(value))} (${t('models.images', { count: (payload as { cases: number }).cases })})`,
            t('models.reliability.y'),
          ]}
        />
        <Line
          dataKey="observed"
          type="linear"
          stroke="#3d9bd4"
          strokeWidth={2}
          dot={{ r: 4 }}
          isAnimationActive={false}
        />
      </LineChart>
    </ChartFrame>
  );
}
