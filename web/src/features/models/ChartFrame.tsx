import { Text } from '@mantine/core';
import type { ReactElement, ReactNode } from 'react';
import { ResponsiveContainer } from 'recharts';
import classes from './models.module.css';

/** A chart with its name above and what it means below. */
export function ChartFrame({ title, text, children }: { title: string; text?: ReactNode; children: ReactElement }) {
  return (
    <figure className={classes.chartFrame}>
      <figcaption>{title}</figcaption>
      <div className={classes.chart}>
        <ResponsiveContainer width="100%" height="100%">
          {children}
        </ResponsiveContainer>
      </div>
      {text && (
        <Text size="xs" c="dimmed">
          {text}
        </Text>
      )}
    </figure>
  );
}
