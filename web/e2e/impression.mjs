import { accessible, ask, check, open, settled, shot, signIn } from './browser.mjs';

const setting = '/api/settings/review.first_impression_before_ai';

/** With the setting on, the AI stays silent until the doctor's own impression is recorded. */
export default async function impression(browser) {
  const tech = await open(browser);
  await signIn(tech, 'tech@example.com');
  await ask(tech, setting, { method: 'PUT', body: { setting_value: true } });
  try {
    const page = await open(browser);
    await signIn(page, 'doctor@example.com');
    await page.waitForURL('**/queue');
    await settled(page);
    await page.getByText('AI hidden').first().waitFor();
    check((await page.locator('ol [data-risk=high]').count()) === 0, 'the queue shows a risk that is to be hidden');
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await page.getByText('Your own read first').waitFor();
    check((await page.getByText('AI findings').count()) === 0, 'the AI speaks before the doctor');
    await page.locator('[data-pane=current][data-drawn]').waitFor({ timeout: 20_000 });
    await shot(page, 'doctor-impression');
    await accessible(page, 'first impression');
    await page.locator('input[name=impression][value=medium]').check();
    await page.getByRole('button', { name: 'Record and show the AI' }).click();
    await page.getByText('AI findings').waitFor();
  } finally {
    await ask(tech, setting, { method: 'PUT', body: { setting_value: false } });
  }
}
