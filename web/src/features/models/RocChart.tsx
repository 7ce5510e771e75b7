import { CartesianGrid, Line, LineChart, ReferenceLine, Tooltip, XAxis, YAxis } from 'recharts';
import { useT } from '@/i18n';
import { useFormats } from '@/shared/format';
import { ChartFrame } from './ChartFrame';
import { axis, hint, ideal, margin, share } from './chartStyle';

/** The ROC curve of the probability against the doctor's medium or high. */
export function RocChart({ points }: { points: number[][] }) {
  const t = useT();
  const formats = useFormats();
  if (points.length === 0) return null;
  return (
    <ChartFrame title={t('models.roc')} text={t('models.roc.text')}>
      <LineChart
        data={points.map(([falsePositive, truePositive]) => ({ falsePositive, truePositive }))}
        margin={margin}
        accessibilityLayer
      >
        <CartesianGrid stroke="var(--portal-border)" />
        <XAxis
          {...share}
          tickFormatter={formats.plain}
          dataKey="falsePositive"
          label={{ value: t('models.roc.x'), position: 'insideBottom', offset: -12, fill: axis.stroke }}
        />
        <YAxis {...share} tickFormatter={formats.plain} width={40} />
        <ReferenceLine segment={[{ x: 0, y: 0 }, { x: 1, y: 1 }]} {...ideal} />
        <Tooltip
          {...hint}
          labelFormatter={(label) => `${t('models.roc.x')}: ${formats.score(Number(label))}`}
          formatter={(value) => [formats.score(Number(value)), t('models.sensitivity')]}
        />
        <Line
          dataKey="truePositive"
          type="linear"
          stroke="#3d9bd4"
          strokeWidth={2}
          dot={false}
          isAnimationActive={false}
        />
      </LineChart>
    </ChartFrame>
  );
}
