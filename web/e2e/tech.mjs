import { readFileSync } from 'node:fs';
import { accessible, ask, check, open, settled, shot, signIn } from './browser.mjs';

/** Runs the portal: accounts, settings, jobs, models, audit, health. */
export default async function tech(browser) {
  const page = await open(browser, { expected: ['422', '409'] });
  await signIn(page, 'tech@example.com');
  await page.waitForURL('**/system');
  await page.getByText('Everything works').waitFor();

  await page.goto('/users');
  await settled(page);
  await page.getByRole('button', { name: 'New account' }).click();
  const dialog = page.getByRole('dialog');
  const name = `Robin Reader ${Date.now() % 100_000}`;
  await dialog.getByLabel('Name', { exact: false }).first().fill(name);
  await dialog.getByLabel('E-mail', { exact: false }).fill(`robin-${Date.now()}@example.com`);
  await dialog.locator('select').selectOption('doctor');
  await dialog.locator('input[type=password]').fill('four words make sense');
  await accessible(page, 'new account');
  await shot(page, 'tech-new-account');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.waitFor({ state: 'detached' });
  await page.getByLabel('Search', { exact: true }).fill(name);
  await page.getByRole('button', { name: `Change ${name}` }).click();
  await dialog.getByLabel('May be used').uncheck();
  await dialog.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('cell').filter({ hasText: 'Out of use' }).first().waitFor();
  await page.getByLabel('Search', { exact: true }).fill('tech@example.com');
  await page.getByRole('button', { name: /^Change Terry/ }).click();
  await dialog.getByLabel('May be used').uncheck();
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.getByRole('alert').waitFor();
  await page.keyboard.press('Escape');

  await page.goto('/settings');
  await settled(page);
  const minutes = page.locator('form', { has: page.getByText('queue.claim_minutes', { exact: true }) });
  const field = minutes.locator('input').first();
  const { body } = await ask(page, '/api/settings');
  const usual = body.items.find((setting) => setting.setting_key === 'queue.claim_minutes').setting_value;
  await field.fill('9999');
  await minutes.getByRole('button', { name: 'Save' }).click();
  await minutes.getByRole('alert').waitFor();
  await accessible(page, 'a refused setting');
  await shot(page, 'tech-setting-refused');
  await field.fill(usual === 31 ? '30' : '31');
  await minutes.getByRole('button', { name: 'Save' }).click();
  await page.getByText('queue.claim_minutes is in force').waitFor();

  await page.goto('/jobs');
  await settled(page);
  check((await page.getByText('Analyse a report').count()) > 0, 'no analysis is listed');

  await page.goto('/models');
  await settled(page);
  await page.getByText('Independent test').first().waitFor();

  await page.goto('/audit');
  await settled(page);
  await page.getByLabel('Act', { exact: true }).selectOption('update_setting');
  await page.getByRole('cell').filter({ hasText: 'Changed a setting' }).first().waitFor();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Export as CSV' }).click(),
  ]);
  const table = readFileSync(await download.path(), 'utf8').split('\r\n');
  check(table[0].startsWith('created_at,user_id'), `the table begins with ${table[0]}`);
  check(table.length > 2 && table[1].includes('update_setting'), 'the exported table does not hold what was filtered');
  await page.getByLabel('Act', { exact: true }).selectOption('refuse');
}
