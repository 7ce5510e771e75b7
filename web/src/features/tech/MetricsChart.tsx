import { Text } from '@mantine/core';
import { CartesianGrid, Legend, Line, LineChart, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts';
import type { Metric } from '@/api/types';
import { useT } from '@/i18n';
import { useFormats } from '@/shared/format';
import classes from './tech.module.css';

const lines = [
  { key: 'accuracy', color: '#56b4e9', dash: undefined },
  { key: 'precision', color: '#e69f00', dash: '6 3' },
  { key: 'recall', color: '#009e73', dash: '2 3' },
  { key: 'f1_score', color: '#cc79a7', dash: '8 3 2 3' },
] as const;

/** How a model's figures move over time. */
export function MetricsChart({ metrics }: { metrics: Metric[] }) {
  const t = useT();
  const formats = useFormats();
  const data = [...metrics].reverse().map((metric) => ({ ...metric, day: formats.date(metric.recorded_at) }));
  return (
    <figure style={{ margin: 0, minWidth: 0 }}>
      <Text component="figcaption" size="sm" fw={600} mb={6}>
        {t('models.trend')}
      </Text>
      <div className={classes.chart}>
        <ResponsiveContainer width="100%" height="100%">
          <LineChart data={data} margin={{ top: 8, right: 16, bottom: 0, left: -16 }} accessibilityLayer>
            <CartesianGrid stroke="var(--portal-border)" />
            <XAxis dataKey="day" stroke="var(--mantine-color-dimmed)" />
            <YAxis domain={[0, 1]} stroke="var(--mantine-color-dimmed)" />
            <Tooltip
              contentStyle={{ background: 'var(--portal-panel)', borderColor: 'var(--portal-border-strong)' }}
              formatter={(value) => (typeof value === 'number' ? value.toFixed(3) : String(value))}
            />
            <Legend formatter={(name: string) => <span style={{ color: 'var(--mantine-color-text)' }}>{name}</span>} />
            {lines.map(({ key, color, dash }) => (
              <Line
                key={key}
                dataKey={key}
                name={t(`models.${key === 'f1_score' ? 'f1' : key === 'recall' ? 'sensitivity' : key}`)}
                stroke={color}
                strokeWidth={2}
                strokeDasharray={dash}
                dot={{ r: 3 }}
                isAnimationActive={false}
                connectNulls
              />
            ))}
          </LineChart>
        </ResponsiveContainer>
      </div>
    </figure>
  );
}
