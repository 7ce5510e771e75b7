import { accessible, ask, check, open, settled, shot, signIn } from './browser.mjs';
import { film as madeFilm } from './film.mjs';

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

  await interrupted(browser);
  await invited(browser);
}

/** The connection is cut in mid-upload; it goes on by itself, from where it stopped, and one report comes of it. */
async function interrupted(browser) {
  const page = await open(browser, { expected: ['ERR_INTERNET_DISCONNECTED', 'ERR_NETWORK_CHANGED', 'ERR_FAILED'] });
  await signIn(page, 'radiologist@example.com');
  await page.waitForURL('**/upload');
  const number = `CUT-${Date.now()}`;
  const { body: patient } = await ask(page, '/api/patients', {
    method: 'POST',
    body: { name: 'Cut Off', identifier: number },
  });
  const bytes = madeFilm({ side: 1900, seed: 7, name: 'Off^Cut', number });
  const session = await page.context().newCDPSession(page);
  await session.send('Network.enable');
  const network = (offline, throughput) =>
    session.send('Network.emulateNetworkConditions', {
      offline,
      latency: 0,
      downloadThroughput: -1,
      uploadThroughput: throughput,
    });
  const pieces = [];
  page.on('request', (request) => {
    if (request.method() === 'PATCH' && request.url().includes('/api/uploads/')) {
      pieces.push({ id: request.url().split('/').pop(), offset: Number(request.headers()['upload-offset']) });
    }
  });
  await network(false, 3_000_000);
  await page
    .locator('input[type=file]')
    .first()
    .setInputFiles([{ name: 'big.dcm', mimeType: 'application/dicom', buffer: bytes }]);
  await page.getByText(/By the film's head/).waitFor();
  await page.getByRole('button', { name: 'Send 1 examination' }).click();
  while (pieces.length < 2) await page.waitForTimeout(20);
  await page.waitForTimeout(150);
  await network(true, 0);
  await page.getByText('The connection dropped').waitFor();
  await shot(page, 'radiologist-upload-cut');
  const before = pieces.length;
  await network(false, -1);
  await page.getByText('Waiting for a doctor').waitFor({ timeout: 60_000 });
  check(new Set(pieces.map(({ id }) => id)).size === 1, 'the upload was started over');
  check(pieces[before]?.offset > 0, `it went on from ${pieces[before]?.offset} instead of where it stopped`);
  const reports = async () =>
    (await ask(page, `/api/reports?patient_id=${patient.patient_id}`)).body.items.map((item) => item.report_id);
  check((await reports()).length === 1, `there are ${(await reports()).length} reports of one film`);

  // Loaded anew in the middle, it is still on the list and goes on.
  await network(false, 2_000_000);
  const second = madeFilm({ side: 1900, seed: 8, name: 'Off^Cut', number });
  await page
    .locator('input[type=file]')
    .first()
    .setInputFiles([{ name: 'second.dcm', mimeType: 'application/dicom', buffer: second }]);
  await page.getByText('second.dcm').waitFor();
  await page.getByText('still here after this page is loaded anew').waitFor();
  pieces.length = 0;
  await page.getByRole('button', { name: 'Send 1 examination' }).click();
  while (pieces.length < 2) await page.waitForTimeout(20);
  await page.reload();
  await page.getByText('second.dcm').waitFor();
  await network(false, -1);
  await page.getByText('Waiting for a doctor').waitFor({ timeout: 60_000 });
  check(new Set(pieces.map(({ id }) => id)).size === 1, 'the upload was started over after the reload');
  check((await reports()).length === 2, `there are ${(await reports()).length} reports of two films`);
  await page.reload();
  await settled(page);
  check((await page.getByText('second.dcm').count()) === 0, 'what was sent is still kept in the browser');
}

/** A patient whom staff registered is corrected, invited, and chooses a password. */
async function invited(browser) {
  const page = await open(browser);
  await signIn(page, 'radiologist@example.com');
  const email = `invited-${Date.now()}@example.com`;
  const { body: patient } = await ask(page, '/api/patients', { method: 'POST', body: { name: 'Inga Invted' } });
  await page.goto(`/patients/${patient.patient_id}`);
  await settled(page);
  await page.getByRole('button', { name: 'Correct the record' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name', { exact: false }).first().fill('Inga Invited');
  await dialog.getByLabel('Hospital number').fill(`INV-${Date.now()}`);
  await dialog.getByLabel('E-mail').fill(email);
  await accessible(page, 'correcting a patient');
  await shot(page, 'patient-correct');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('heading', { name: 'Inga Invited' }).waitFor();
  await page.getByRole('button', { name: 'Invite to the portal' }).click();
  const link = await dialog.getByLabel('Link with the code in it').inputValue();
  await accessible(page, 'an invitation');
  await shot(page, 'patient-invitation');

  const patientPage = await open(browser, { expected: ['404'] });
  await patientPage.goto('/invitation');
  await patientPage.getByLabel('Code').fill('0000-0000-0000-0000');
  await patientPage.getByRole('button', { name: 'Go on' }).click();
  await patientPage.getByText('This code is not known').waitFor();
  await accessible(patientPage, 'a wrong code');
  await patientPage.goto(link);
  await patientPage.reload();
  await patientPage.goto(link.replace('#', '?again=1#'));
  await patientPage.getByText(email).waitFor();
  check(!patientPage.url().includes('#'), 'the code stays in the address');
  await accessible(patientPage, 'choosing a first password');
  await shot(patientPage, 'invitation');
  await patientPage.locator('input[name=password]').fill('four words make sense');
  await patientPage.getByRole('button', { name: 'Set the password and sign in' }).click();
  await patientPage.waitForURL('**/results');
}
