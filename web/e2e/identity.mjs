import { accessible, ask, check, open, settled, shot, signIn } from './browser.mjs';
import { film } from './film.mjs';

/** A film whose head names somebody else: seen in the queue and the case, and confirmed before the signature. */
export default async function identity(browser) {
  const radiologist = await open(browser);
  await signIn(radiologist, 'radiologist@example.com');
  const number = `MIX-${Date.now()}`;
  await ask(radiologist, '/api/patients', {
    method: 'POST',
    body: { name: 'Mia Mixed', identifier: number, date_of_birth: '2021-03-04' },
  });
  const bytes = film({ side: 600, name: 'Mixed^Maria', number, birthDate: '20210403' });
  await radiologist
    .locator('input[type=file]')
    .first()
    .setInputFiles([{ name: 'mixed.dcm', mimeType: 'application/dicom', buffer: bytes }]);
  await radiologist.getByRole('button', { name: 'Send 1 examination' }).click();
  await radiologist.getByText('Waiting for a doctor').waitFor({ timeout: 30_000 });
  await radiologist.getByRole('link', { name: 'Open the report' }).click();
  await radiologist.getByRole('heading', { name: 'Whose film is this?' }).waitFor();
  await accessible(radiologist, 'a mixed-up film, as its sender sees it');

  const page = await open(browser, { expected: ['409'] });
  await signIn(page, 'doctor@example.com');
  await page.locator('ol button').first().waitFor();
  const { body: queue } = await ask(page, '/api/reviews/queue?limit=200');
  const item = queue.items.find(({ patient_identifier }) => patient_identifier === number);
  check(item, 'the film is not in the queue');
  await page.locator('ol button').filter({ hasText: 'Mia Mixed' }).getByText('whose film is it?').waitFor();
  await shot(page, 'doctor-queue-identity');
  await accessible(page, 'the queue with a mixed-up film');
  await page.locator('ol button').filter({ hasText: 'Mia Mixed' }).click();
  await page.getByRole('heading', { name: 'Whose film is this?' }).waitFor();
  await page.getByRole('cell', { name: 'Mixed Maria' }).or(page.getByRole('cell', { name: 'Maria Mixed' })).first().waitFor();
  await page.locator('[data-pane=current][data-drawn]').waitFor({ timeout: 20_000 });
  await shot(page, 'doctor-identity');
  await accessible(page, 'a case with a mixed-up film');

  await page.getByRole('textbox', { name: 'Findings' }).fill('Clear lungs.');
  await page.locator('input[name=risk][value=low]').check();
  await page.locator('input[name=urgency][value=routine]').check();
  await page.getByText(/Draft saved/).waitFor();
  await page.getByRole('button', { name: 'Sign report' }).click();
  await page.getByText('Confirm above whose film this is').waitFor();
  check((await page.getByRole('dialog').count()) === 0, 'it could be signed before the identity was confirmed');
  const refused = await ask(page, '/api/reviews', {
    method: 'POST',
    body: { report_id: item.report_id, doctor_risk_assessment: 'low', urgency_level: 'routine' },
  });
  check(refused.status === 409 && refused.body.code === 'identity_unconfirmed', `signing answered ${refused.status}`);

  await page.getByLabel('How you made sure').fill('Asked the ward by telephone');
  await page.getByLabel(/I have made sure/).check();
  await page.getByRole('button', { name: 'Confirm the identity' }).click();
  await page.getByRole('heading', { name: 'Identity confirmed' }).waitFor();
  await settled(page);
  await accessible(page, 'a confirmed identity');
  const scored = (await page.locator('input[name=verdict]').count()) > 0;
  if (scored) await page.locator('input[name=verdict]').first().check();
  await page.getByRole('button', { name: 'Sign report' }).click();
  await page.getByRole('button', { name: 'Sign now' }).click();
  await page.getByText(/The report of .* is signed/).waitFor();

  // With nothing selected, Enter opens the most urgent case.
  await page.goto('/queue');
  const first = page.locator('ol button').first();
  await first.waitFor();
  const { body: now } = await ask(page, '/api/reviews/queue?limit=1');
  await page.locator('h2').first().click();
  await page.keyboard.press('Enter');
  await page.waitForURL(`**/queue/${now.items[0].report_id}`);
}
