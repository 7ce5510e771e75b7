import { accessible, check, look, open, settled, shot, signIn } from './browser.mjs';

/** Reads a result, takes it along, looks who looked, and keeps the history up to date. */
export default async function patient(browser) {
  const page = await open(browser, { scheme: 'light' });
  await signIn(page, 'patient@example.com');
  await page.waitForURL('**/results');
  await page.locator('a[href^="/reports/"]').first().click();
  await page.waitForURL('**/reports/**');
  await settled(page);
  const order = await page.locator('article h2').allInnerTexts();
  check(order[0] === 'In plain words' && order[1] === 'What the doctor wrote', `the result begins with ${order}`);
  check(order.indexOf('Your X-ray') < order.indexOf('What the computer said'), 'the AI stands before the image');
  const film = page.locator('article img').first();
  await film.evaluate((image) => image.decode());
  await film.scrollIntoViewIfNeeded();
  check((await look(page, film)).deviation > 15, 'the film is not to be seen');
  await shot(page, 'patient-result', { fullPage: true });
  for (const scheme of ['light', 'dark']) {
    await page.evaluate((value) => document.documentElement.setAttribute('data-mantine-color-scheme', value), scheme);
    await accessible(page, `result, ${scheme}`);
    await shot(page, `patient-result-${scheme}`, { fullPage: true });
  }
  await page.evaluate(() => document.documentElement.setAttribute('data-mantine-color-scheme', 'light'));

  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'Download as picture' }).first().click(),
  ]);
  check(download.suggestedFilename().endsWith('.png'), `the picture is called ${download.suggestedFilename()}`);
  const pdf = await page.pdf({
    path: new URL('./artefacts/result.pdf', import.meta.url).pathname,
    printBackground: false,
  });
  check(pdf.length > 20_000, 'the printed result is empty');
  await page.emulateMedia({ media: 'print' });
  await shot(page, 'patient-result-print', { fullPage: true });
  check(!(await page.locator('header').first().isVisible()), 'the navigation is printed');
  await page.emulateMedia({ media: 'screen' });

  await page.getByRole('link', { name: 'Who looked' }).first().click();
  await page.waitForURL('**/accesses');
  await page.getByRole('cell').filter({ hasText: 'Doctor' }).first().waitFor();

  await page.goto('/history');
  await settled(page);
  await page.getByRole('button', { name: 'Change' }).click();
  const allergies = page.getByLabel('Allergies');
  const note = `Pollen ${Date.now()}`;
  await allergies.fill(`${await allergies.inputValue()}\n${note}`);
  await accessible(page, 'history, editing');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText(note).waitFor();

  await page.goto('/notifications');
  await settled(page);
  check((await page.getByText('Your result is ready').count()) > 0, 'the released result was not notified');
}
