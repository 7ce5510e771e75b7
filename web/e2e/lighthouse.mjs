// Lighthouse on sign-in, queue and a patient's result: performance at least 95, accessibility 100 (desktop).
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import lighthouse, { desktopConfig } from 'lighthouse';
import { chromium } from 'playwright-core';
import { ask, base, chromiumArguments, executablePath, password } from './browser.mjs';

const port = 9300 + Math.floor(Math.random() * 500);
const profile = mkdtempSync(join(tmpdir(), 'portal-lighthouse-'));
const context = await chromium.launchPersistentContext(profile, {
  executablePath,
  args: [...chromiumArguments, `--remote-debugging-port=${port}`],
  baseURL: base,
});
const page = context.pages()[0] ?? (await context.newPage());
let failed = false;

async function signedInAs(role) {
  await page.goto('/signin');
  await page.evaluate(
    async ([email, password]) => {
      await fetch('/api/auth/login', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ email, password }),
      });
      localStorage.setItem('portal-signed-in', '1');
    },
    [`${role}@example.com`, password],
  );
}
async function measure(name, path) {
  const { lhr } = await lighthouse(
    base + path,
    { port, logLevel: 'error', onlyCategories: ['performance', 'accessibility'], disableStorageReset: true },
    desktopConfig,
  );
  const [performance, accessibility] = ['performance', 'accessibility'].map((id) =>
    Math.round(lhr.categories[id].score * 100),
  );
  const fine = performance >= 95 && accessibility === 100;
  failed ||= !fine;
  console.log(`${fine ? 'ok  ' : 'FAIL'} ${name}: performance ${performance}, accessibility ${accessibility}`);
  if (!fine) {
    for (const audit of Object.values(lhr.audits)) {
      if (audit.score !== null && audit.score < 0.9)
        console.log(`     ${audit.id}: ${audit.displayValue ?? audit.title}`);
    }
  }
}

try {
  await measure('sign-in', '/signin');
  await signedInAs('doctor');
  await measure('queue', '/queue');
  await signedInAs('patient');
  const { body } = await ask(page, '/api/reports?limit=1');
  await measure('patient result', `/reports/${body.items[0].report_id}`);
} finally {
  await context.close();
  rmSync(profile, { recursive: true, force: true });
}
process.exit(failed ? 1 : 0);
