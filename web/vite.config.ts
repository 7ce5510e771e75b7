/// <reference types="vitest/config" />
import { fileURLToPath } from 'node:url';
import { DEFAULT_THEME, defaultCssVariablesResolver, mergeMantineTheme } from '@mantine/core';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';
import { theme } from './src/app/theme.ts';

/**
 * Writes Mantine's theme variables into the style sheet when it is built. At run time Mantine would put them into a
 * `<style>` element, which the portal's Content Security Policy does not allow.
 */
function themeVariables(): Plugin {
  const name = 'virtual:theme.css';
  const unused = /-color-(pink|grape|violet|indigo|blue|teal|green|lime|orange)-/;
  const block = (selector: string, variables: Record<string, string>) =>
    `${selector}{${Object.entries(variables)
      .filter(([key]) => !unused.test(key))
      .map(([key, value]) => `${key}:${value}`)
      .join(';')}}`;
  return {
    name: 'theme-variables',
    resolveId: (id) => (id === name ? `\0${name}` : undefined),
    load(id) {
      if (id !== `\0${name}`) return undefined;
      const { variables, light, dark } = defaultCssVariablesResolver(mergeMantineTheme(DEFAULT_THEME, theme));
      return [
        block(':root', variables),
        block(':root[data-mantine-color-scheme="light"]', light),
        block(':root[data-mantine-color-scheme="dark"]', dark),
      ].join('\n');
    },
  };
}

const server = process.env.PORTAL_URL ?? 'http://127.0.0.1:8090';

export default defineConfig({
  plugins: [react(), themeVariables()],
  resolve: {
    alias: {
      '@': fileURLToPath(new URL('./src', import.meta.url)),
      // Cornerstone's dependencies ask for Node's module of this name.
      events: 'events/',
    },
  },
  build: { target: 'es2022', sourcemap: false, chunkSizeWarningLimit: 4000, assetsInlineLimit: 0 },
  worker: { format: 'es' },
  server: { host: '127.0.0.1', proxy: { '/api': server, '/readyz': server } },
  test: { environment: 'jsdom', include: ['src/**/*.test.{ts,tsx}'] },
});
