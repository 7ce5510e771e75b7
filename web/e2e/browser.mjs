// A browser as the portal's users have one: Debian's Chromium, driven by playwright-core. Every error on a page's
// console, every failed request to the portal and every request elsewhere fails the run.
import { existsSync, mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { resolve } from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import { chromium } from 'playwright-core';

export const base = process.env.PORTAL_URL ?? 'http://127.0.0.1:8080';
export const password = process.env.PORTAL_DEMO_PASSWORD ?? 'demo-portal-2026';
export const artefacts = resolve(import.meta.dirname, 'artefacts');
mkdirSync(artefacts, { recursive: true });

const candidates = [
  process.env.PORTAL_CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];
export const executablePath = candidates.find((path) => path && existsSync(path));

/** As a server without screen and graphics card needs them; nothing is fetched from elsewhere. */
export const chromiumArguments = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--enable-unsafe-swiftshader',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export async function launch() {
  if (!executablePath)
    throw new Error('no Chromium found: install it (Debian: apt-get install chromium) or set PORTAL_CHROMIUM');
  return chromium.launch({
    executablePath,
    args: chromiumArguments,
  });
}

/** A free port of this machine. */
export async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

/** Faults that pages reported, of the whole run. */
export const faults = [];

/**
 * A page in a context of its own, watched. `expected` are texts of console errors that belong to the test, `site` is the
 * portal's address, `elsewhere` other addresses that the page may ask.
 */
export async function open(
  browser,
  { scheme = 'dark', language = 'en', width = 1600, height = 900, expected = [], site = base, elsewhere = [] } = {},
) {
  const context = await browser.newContext({
    baseURL: site,
    viewport: { width, height },
    colorScheme: scheme,
    locale: language,
    acceptDownloads: true,
  });
  const page = await context.newPage();
  const note = (text) => {
    if (!expected.some((each) => text.includes(each))) faults.push(`${new URL(page.url(), base).pathname}: ${text}`);
  };
  page.on('console', (message) => {
    if (message.type() !== 'error') return;
    const { url } = message.location();
    note(`${message.text()} (${url})`);
  });
  page.on('pageerror', (error) => note(String(error)));
  page.on('request', (request) => {
    const url = request.url();
    if (![site, ...elsewhere, 'blob:', 'data:'].some((known) => url.startsWith(known)))
      note(`request elsewhere: ${url}`);
  });
  page.on('response', (response) => {
    if (response.status() >= 500 && !response.url().endsWith('/readyz'))
      note(`${response.status()} from ${response.url()}`);
  });
  return page;
}

/** Signs in by the form. */
export async function signIn(page, email, secret = password) {
  await page.goto('/signin');
  await page.getByLabel('E-mail', { exact: false }).first().fill(email);
  await page.locator('input[name=password]').fill(secret);
  await page.locator('form button[type=submit]').click();
  await page.locator('main#content').waitFor();
}

/** Fails when the page breaks a rule of WCAG 2.2 AA. */
export async function accessible(page, name) {
  // What is still fading in has no contrast yet.
  await page.waitForTimeout(60);
  // A wheel that turns while something loads never comes to an end.
  await page.evaluate(() =>
    Promise.allSettled(
      document
        .getAnimations()
        .filter((animation) => animation.effect?.getComputedTiming().endTime !== Number.POSITIVE_INFINITY)
        .map((animation) => animation.finished),
    ),
  );
  const { violations } = await new AxeBuilder({ page })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
    .analyze();
  for (const { id, help, nodes } of violations) {
    const where = nodes
      .slice(0, 3)
      .map((node) => `${node.target.join(' ')} ${node.failureSummary?.split('\n')[1]?.trim() ?? ''}`);
    faults.push(`axe, ${name}: ${id}: ${help}\n    ${where.join('\n    ')}`);
  }
}

/** Waits until nothing loads any more. */
export async function settled(page) {
  await page.waitForLoadState('load');
  await page.waitForFunction(() => document.querySelector('[aria-label="Loading …"], .mantine-Skeleton-root') === null);
  await page.waitForTimeout(250);
}

export async function shot(page, name, options = {}) {
  await page.screenshot({ path: resolve(artefacts, `${name}.png`), ...options });
}

export function check(fine, what) {
  if (!fine) throw new Error(what);
}

/** What a part of the page looks like: mean grey, how much it varies, and how colourful it is. */
export async function look(page, locator) {
  const picture = (await locator.screenshot()).toString('base64');
  return page.evaluate(async (base64) => {
    const image = new Image();
    image.src = `data:image/png;base64,${base64}`;
    await image.decode();
    const canvas = Object.assign(document.createElement('canvas'), { width: image.width, height: image.height });
    const context = canvas.getContext('2d');
    context.drawImage(image, 0, 0);
    const { data } = context.getImageData(0, 0, image.width, image.height);
    let [sum, squares, colour] = [0, 0, 0];
    const count = data.length / 4;
    for (let at = 0; at < data.length; at += 4) {
      const grey = (data[at] + data[at + 1] + data[at + 2]) / 3;
      sum += grey;
      squares += grey * grey;
      if (Math.max(data[at], data[at + 1], data[at + 2]) - Math.min(data[at], data[at + 1], data[at + 2]) > 30)
        colour += 1;
    }
    // A coarse print of the picture, to tell one from another.
    const coarse = Object.assign(document.createElement('canvas'), { width: 24, height: 24 }).getContext('2d');
    coarse.drawImage(image, 0, 0, 24, 24);
    const print = [...coarse.getImageData(0, 0, 24, 24).data].filter((_, at) => at % 4 === 0);
    const mean = sum / count;
    return { print, mean, deviation: Math.sqrt(squares / count - mean * mean), colour: colour / count };
  }, picture);
}

/** Asks the portal's API in the name of the page's user. */
export async function ask(page, path, options) {
  return page.evaluate(
    async ([path, options]) => {
      const response = await fetch(path, {
        ...options,
        ...(options?.body
          ? { body: JSON.stringify(options.body), headers: { 'content-type': 'application/json' } }
          : {}),
      });
      const text = await response.text();
      return { status: response.status, body: text ? JSON.parse(text) : null };
    },
    [path, options],
  );
}

/** How different two looks are: the mean difference of their prints, 0 to 255. */
export function unlike(a, b) {
  return a.print.reduce((sum, grey, at) => sum + Math.abs(grey - b.print[at]), 0) / a.print.length;
}
