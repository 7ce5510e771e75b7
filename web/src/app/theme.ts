import { createTheme, type MantineColorsTuple } from '@mantine/core';

/** Near-black to near-white for the dark theme; index 7 is the page, 6 a panel, 4 a border. */
const dark: MantineColorsTuple = [
  '#e6edf3',
  '#c3ced9',
  '#9fadba',
  '#6f7f8f',
  '#2c3640',
  '#1b2129',
  '#11161d',
  '#080b10',
  '#05070a',
  '#030406',
];

/** Cyan stands for action and for nothing else. */
export const theme = createTheme({
  primaryColor: 'cyan',
  primaryShade: 9,
  colors: { dark },
  fontFamily: "'Inter Variable', system-ui, sans-serif",
  fontFamilyMonospace: "ui-monospace, 'SFMono-Regular', 'DejaVu Sans Mono', Menlo, Consolas, monospace",
  headings: { fontFamily: "'Inter Variable', system-ui, sans-serif", fontWeight: '650' },
  defaultRadius: 'md',
  cursorType: 'pointer',
  respectReducedMotion: true,
  focusRing: 'auto',
});
