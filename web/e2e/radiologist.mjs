import { accessible, ask, check, open, settled, shot, signIn } from './browser.mjs';

/** The bytes of one of the radiologist's own DICOM films, changed so that the portal has not seen them. */
async function freshFilm(page, mark) {
  const { body } = await ask(page, '/api/reports?limit=100');
  for (const report of body.items) {
    const detail = (await ask(page, `/api/reports/${report.report_id}`)).body;
    const image = detail.images.find((each) => each.image_format === 'DICOM');
    if (!image || !detail.analysis) continue;
    const bytes = await page.evaluate(
      async (url) => [...new Uint8Array(await (await fetch(url)).arrayBuffer())],
      image.image_url,
    );
    const film = Buffer.from(bytes);
    film.writeUInt16LE(mark % 4096, film.length - 2);
    // Another study: the last figures of the UID, wherever it stands.
    const uid = report.study_uid;
    if (uid) {
      const tail = String(mark).padStart(6, '0').slice(-6);
      const other = uid.slice(0, -6) + tail;
      for (let at = film.indexOf(uid); at >= 0; at = film.indexOf(uid, at + 1)) film.write(other, at, 'ascii');
    }
    return { film, name: report.patient_name };
  }
  throw new Error('the demo holds no scored DICOM film of the radiologist');
}

/** Sends films in: checks, a patient, progress, the score as it arrives, the figures. */
export default async function radiologist(browser) {
  const page = await open(browser);
  await signIn(page, 'radiologist@example.com');
  await page.waitForURL('**/upload');
  const { film, name } = await freshFilm(page, Date.now());

  const files = page.locator('input[type=file]').first();
  await files.setInputFiles([
    { name: 'film.dcm', mimeType: 'application/dicom', buffer: film },
    { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('no film') },
  ]);
  await page.getByText('Neither DICOM nor PNG nor JPEG').waitFor();
  await page.getByText(/By the film's head/).waitFor();
  await shot(page, 'radiologist-upload-checked');
  await accessible(page, 'upload with files');
  await page.getByRole('button', { name: 'Remove notes.txt' }).click();

  // A new patient is filled in from the film; a wrong patient is called out.
  await page.getByRole('button', { name: 'Choose the patient' }).click();
  await page.getByRole('dialog').getByLabel('Search', { exact: true }).fill('');
  await page.getByRole('dialog').locator('li button').first().waitFor();
  await page.getByRole('dialog').getByRole('button', { name: 'New patient' }).click();
  const filled = await page.getByRole('dialog').getByLabel('Name', { exact: false }).first().inputValue();
  check(filled.length > 0, 'the new patient is not filled in from the film');
  await page.getByRole('dialog').getByRole('button', { name: 'Back' }).click();
  const rows = page.getByRole('dialog').locator('li button');
  await rows.first().waitFor();
  const stranger = rows.filter({ hasNotText: name }).first();
  await stranger.click();
  await page.getByText(/The film's head gives another name/).waitFor();
  await page.getByRole('button', { name: "Go by the film's head" }).click();

  await page.getByRole('button', { name: 'Send 1 examination' }).click();
  await page.getByText('Waiting for a doctor').waitFor({ timeout: 30_000 });
  await page.locator('[data-risk]').first().waitFor();
  await shot(page, 'radiologist-upload-scored');
  await accessible(page, 'upload, done');

  await page.getByRole('link', { name: 'Open the report' }).click();
  await page.waitForURL('**/reports/**');
  await settled(page);
  await page
    .locator('img[src*=rendered]')
    .first()
    .evaluate((image) => image.decode());
  await shot(page, 'radiologist-report', { fullPage: true });
  await accessible(page, 'uploaded report');

  await page.goto('/uploads');
  await settled(page);
  const sent = Number.parseInt(await page.locator('.figure-value').first().textContent(), 10);
  check(sent > 0, 'the figures say that nothing was sent');
  await page.getByLabel('AI risk').selectOption('high');
  await page.waitForTimeout(600);
  const risks = await page.locator('[role=row] [data-risk]').evaluateAll((all) => all.map((each) => each.dataset.risk));
  check(
    risks.every((risk) => risk === 'high'),
    `the filter lets through ${risks}`,
  );
}
