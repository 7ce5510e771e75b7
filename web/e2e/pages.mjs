import { accessible, ask, check, faults, open, settled, shot, signIn } from './browser.mjs';

const pages = {
  patient: ['/results', '/history', '/accesses', '/my-data', '/faq', '/notifications', '/profile'],
  radiologist: ['/upload', '/uploads', '/patients', '/notifications', '/profile'],
  doctor: ['/queue', '/reviews', '/patients', '/models', '/privacy', '/notifications', '/profile'],
  tech: ['/system', '/users', '/models', '/jobs', '/settings', '/audit', '/privacy', '/notifications', '/profile'],
};

/** Every page of every role: in both themes, in German, on a telephone and on a large screen. */
export default async function everyPage(browser) {
  for (const [role, paths] of Object.entries(pages)) {
    const page = await open(browser);
    await signIn(page, `${role}@example.com`);
    for (const theme of ['dark', 'light']) {
      await ask(page, '/api/auth/me', { method: 'PATCH', body: { preferences: { theme } } });
      for (const path of paths) {
        const name = `${role}${path.replaceAll('/', '-')}`;
        await page.goto(path);
        await settled(page);
        check(
          (await page.locator('html').getAttribute('data-mantine-color-scheme')) === theme,
          `${name} is not ${theme}`,
        );
        await shot(page, `${name}-${theme}`, { fullPage: true });
        await accessible(page, `${name}, ${theme}`);
        if (theme === 'light') await telephone(page, name);
      }
    }
    if (role === 'patient' || role === 'radiologist' || role === 'doctor') await oneReport(page, role);
    await ask(page, '/api/auth/me', { method: 'PATCH', body: { preferences: { language: 'de' } } });
    await page.goto(paths[0]);
    await settled(page);
    await page.waitForFunction(() => document.documentElement.lang === 'de');
    await shot(page, `${role}-german`);
    await page.setViewportSize({ width: 3840, height: 2160 });
    await settled(page);
    await shot(page, `${role}-4k`);
    await ask(page, '/api/auth/me', { method: 'PATCH', body: { preferences: {} } });
    await page.context().close();
  }
}

async function telephone(page, name) {
  await page.setViewportSize({ width: 375, height: 812 });
  await page.waitForTimeout(250);
  await shot(page, `${name}-375`, { fullPage: true });
  const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  if (over > 0) faults.push(`${name} is ${over} px wider than a telephone`);
  await accessible(page, `${name}, 375 px`);
  await page.setViewportSize({ width: 1600, height: 900 });
}

async function oneReport(page, role) {
  const { body } = await ask(page, '/api/reports?limit=1');
  const [report] = body.items;
  if (!report) return;
  await page.goto(`/reports/${report.report_id}`);
  await settled(page);
  if (role === 'doctor') await page.locator('[data-pane=current][data-drawn]').waitFor({ timeout: 20_000 });
  await accessible(page, `${role}, a report, light`);
  await telephone(page, `${role}-report`);
}
