import { accessible, ask, check, look, open, settled, shot, signIn } from './browser.mjs';

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
  await propose(page, browser);

  await page.goto('/notifications');
  await settled(page);
  check((await page.getByText('Your result is ready').count()) > 0, 'the released result was not notified');
}

/** The patient proposes a change; the doctor sees record and proposal, declines with a word, then accepts a second one. */
async function propose(page, browser) {
  const doctor = await open(browser, { expected: ['409'] });
  await signIn(doctor, 'doctor@example.com');
  const { body: me } = await ask(page, '/api/auth/me');
  const note = `Pollen ${Date.now()}`;
  for (const accept of [false, true]) {
    await page.getByRole('button', { name: /Propose a change|Change my proposal/ }).click();
    const allergies = page.getByLabel('Allergies');
    await allergies.fill(`${(await allergies.inputValue()).replace(note, '').trim()}\n${note}`);
    await page.getByLabel('Words for the doctor').fill('Since this spring.');
    await accessible(page, 'history, proposing');
    await page.getByRole('button', { name: 'Send the proposal' }).click();
    await page.getByRole('heading', { name: 'Your proposal' }).waitFor();
    await page.getByText(note).waitFor();
    await accessible(page, 'history, proposed');
    await shot(page, 'patient-history-proposed');
    const { body: history } = await ask(page, `/api/patients/${me.user.id}/history`);
    check(!JSON.stringify(history.allergies).includes(note), 'the record changed before anybody decided');

    await doctor.goto('/notifications');
    await doctor.getByRole('link', { name: 'A patient proposes a change' }).first().click();
    await doctor.waitForURL(`**/patients/${me.user.id}`);
    await settled(doctor);
    await doctor.getByRole('heading', { name: 'The patient proposes' }).waitFor();
    await doctor.locator('ins').filter({ hasText: note }).waitFor();
    await accessible(doctor, 'a proposal');
    await shot(doctor, 'doctor-proposal');
    if (accept) {
      await doctor.getByRole('button', { name: 'Accept' }).click();
      await doctor.getByText('The change is in the record').waitFor();
    } else {
      await doctor.getByRole('button', { name: 'Decline' }).click();
      await doctor.getByText('Say why you decline.').waitFor();
      await doctor.getByLabel('A word to the patient').fill('Let us test that first.');
      await doctor.getByRole('button', { name: 'Decline' }).click();
      await doctor.getByText('The proposal is declined').waitFor();
    }
    // The answer arrives by itself.
    await page.getByText(accept ? 'Your last proposal was accepted' : 'Let us test that first.').first().waitFor();
  }
  await page.getByText(note).first().waitFor();
  await shot(page, 'patient-history-accepted');
}
