/** How every chart of a standing draws axes, hints and lines. Lines differ in dash as well as in colour. */
export const axis = { stroke: 'var(--mantine-color-dimmed)', tickMargin: 6 } as const;
export const share = { type: 'number', domain: [0, 1], ticks: [0, 0.25, 0.5, 0.75, 1], ...axis } as const;
export const hint = {
  contentStyle: { background: 'var(--portal-panel)', borderColor: 'var(--portal-border-strong)' },
  labelStyle: { color: 'var(--mantine-color-text)' },
  itemStyle: { color: 'var(--mantine-color-text)' },
} as const;
export const ideal = { stroke: 'var(--portal-border-strong)', strokeDasharray: '4 4' } as const;
export const margin = { top: 8, right: 16, bottom: 18, left: 0 } as const;
