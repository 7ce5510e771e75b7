import { CartesianGrid, Legend, Line, LineChart, Tooltip, XAxis, YAxis } from 'recharts';
import type { DayStanding } from '@/api/types';
import { useT } from '@/i18n';
import { useFormats } from '@/shared/format';
import { ChartFrame } from './ChartFrame';
import { axis, hint, share } from './chartStyle';
import { trendOf } from './governance';

const lines = [
  { key: 'sensitivity', color: '#3d9bd4', dash: undefined },
  { key: 'specificity', color: '#c98500', dash: '6 3' },
  { key: 'auroc', color: '#00a070', dash: '2 3' },
] as const;

/** How the figures at one threshold moved from day to day. */
export function TrendChart({ days, point }: { days: DayStanding[]; point: 'flagged' | 'high' }) {
  const t = useT();
  const formats = useFormats();
  const data = trendOf(days, point).map((each) => ({ ...each, day: formats.day(each.day) }));
  return (
    <ChartFrame title={`${t('models.trend')}: ${t(`models.point.${point}`)}`}>
      <LineChart data={data} margin={{ top: 8, right: 16, bottom: 0, left: 0 }} accessibilityLayer>
        <CartesianGrid stroke="var(--portal-border)" />
        <XAxis dataKey="day" {...axis} />
        <YAxis {...share} tickFormatter={formats.plain} width={40} />
        <Tooltip {...hint} formatter={(value) => formats.fine(Number(value))} />
        <Legend formatter={(name: string) => <span style={{ color: 'var(--mantine-color-text)' }}>{name}</span>} />
        {lines
          .filter(({ key }) => data.some((each) => each[key] !== null))
          .map(({ key, color, dash }) => (
            <Line
              key={key}
              dataKey={key}
              name={t(`models.${key}`)}
              stroke={color}
              strokeWidth={2}
              strokeDasharray={dash}
              dot={{ r: 3 }}
              isAnimationActive={false}
            />
          ))}
      </LineChart>
    </ChartFrame>
  );
}
