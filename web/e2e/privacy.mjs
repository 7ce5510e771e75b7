import { readFile } from 'node:fs/promises';
import { inflateRawSync } from 'node:zlib';
import { accessible, ask, check, open, settled, shot, signIn } from './browser.mjs';

/** The names of the files in a ZIP file, and what one of them holds. */
function contents(zip) {
  const end = zip.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  check(end > 0, 'the record is no whole ZIP file');
  const files = new Map();
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left -= 1) {
    const [method, packed] = [zip.readUInt16LE(at + 10), zip.readUInt32LE(at + 20)];
    const name = zip.toString('utf8', at + 46, at + 46 + zip.readUInt16LE(at + 28));
    const head = zip.readUInt32LE(at + 42);
    const from = head + 30 + zip.readUInt16LE(head + 26) + zip.readUInt16LE(head + 28);
    files.set(name, () => {
      const bytes = zip.subarray(from, from + packed);
      return method === 0 ? bytes : inflateRawSync(bytes);
    });
    at += 46 + zip.readUInt16LE(at + 28) + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  return files;
}

async function taken(page, button) {
  const [download] = await Promise.all([page.waitForEvent('download'), button.click()]);
  check(download.suggestedFilename().endsWith('.zip'), `the record is called ${download.suggestedFilename()}`);
  return contents(await readFile(await download.path()));
}

/** A patient takes the own data along, asks for a correction, disagrees, consents; an officer does their part. */
export default async function privacy(browser) {
  const patient = await open(browser, { scheme: 'light', width: 390, height: 844 });
  await signIn(patient, 'patient@example.com');
  await patient.waitForURL('**/results');
  await patient.goto('/profile');
  await settled(patient);
  const files = await taken(patient, patient.getByRole('button', { name: 'Take my data with me' }));
  check(
    [...files.keys()].some((name) => name.startsWith('films/')),
    'there is no film in the record',
  );
  const data = JSON.parse(files.get('data.json')().toString('utf8'));
  check(data.account[0].email === 'patient@example.com', 'the record is somebody else’s');
  const page = files.get('index.html')().toString('utf8');
  const reader = await open(browser, { scheme: 'light' });
  await reader.setContent(page);
  await shot(reader, 'privacy-record', { fullPage: true });
  await reader.context().close();

  const officer = await open(browser, { expected: ['409'] });
  await signIn(officer, 'tech@example.com');
  await officer.waitForURL('**/system');
  // Other journeys name other officers.
  await ask(officer, '/api/settings/privacy.officers', { method: 'PUT', body: { setting_value: [] } });
  await officer.goto('/privacy');
  await settled(officer);
  await officer.getByLabel('Find the patient by').selectOption('email');
  await officer.getByLabel('E-mail address').last().fill('patient@example.com');
  await officer.getByRole('button', { name: 'Find', exact: true }).click();
  await officer.getByRole('button', { name: 'Take the record away' }).click();
  const dialog = officer.getByRole('dialog');
  await dialog.getByLabel('Reason').fill('Asked at the desk, passport seen.');
  await accessible(officer, 'the export of a record');
  await shot(officer, 'privacy-export');
  const whole = await taken(officer, dialog.getByRole('button', { name: 'Take the record away' }));
  check(JSON.parse(whole.get('data.json')().toString('utf8')).seen_as === 'privacy_officer', 'not the whole record');
  await removals(officer);
  await corrections(patient, officer);
  await consents(patient);
}

/** A hold keeps the record from erasure; without it the law does, since its films are new. */
async function removals(officer) {
  const reason = `Lawsuit ${Date.now()}.`;
  const dialog = officer.getByRole('dialog');
  const say = async (button, act) => {
    await officer.getByRole('button', { name: button }).click();
    await dialog.getByLabel('Reason').fill(reason);
    await dialog.getByRole('button', { name: act }).click();
  };
  await dialog.waitFor({ state: 'detached' });
  await say('Hold…', 'Hold it');
  await dialog.waitFor({ state: 'detached' });
  const held = officer.getByRole('row').filter({ hasText: reason });
  await held.waitFor();
  await say('Erase…', 'Ask for it');
  await dialog.getByText('A legal hold keeps this record').waitFor();
  await accessible(officer, 'an erasure that a hold refuses');
  await shot(officer, 'privacy-erasure-refused');
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await held.getByRole('button', { name: 'Lift' }).click();
  await dialog.getByLabel('Reason').fill('Settled.');
  await dialog.getByRole('button', { name: 'Lift' }).click();
  await held.getByText('Lifted on').waitFor();
  await say('Erase…', 'Ask for it');
  await dialog.getByText('The law keeps this record for now').waitFor();
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await shot(officer, 'privacy-removals', { fullPage: true });
}

/** The patient asks twice: one is accepted, of the other's refusal the patient says what is wrong with it. */
async function corrections(patient, officer) {
  await patient.goto('/my-data');
  await settled(patient);
  await accessible(patient, 'my data');
  await shot(patient, 'privacy-my-data-phone', { fullPage: true });
  const words = [`It is spelt with an h (${Date.now()}).`, `We moved (${Date.now()}).`];
  for (const text of words) {
    await patient.getByLabel('What is wrong').fill(text);
    await patient.getByRole('button', { name: 'Send', exact: true }).click();
    await patient.locator('article').filter({ hasText: text }).waitFor();
  }
  for (const [text, decision] of [
    [words[0], 'Accept: it is corrected'],
    [words[1], 'Refuse'],
  ]) {
    await officer.goto('/privacy');
    await settled(officer);
    await officer.getByRole('row').filter({ hasText: text }).getByRole('button', { name: 'Decide' }).click();
    const dialog = officer.getByRole('dialog');
    await dialog.getByLabel(decision, { exact: true }).check();
    await dialog.getByLabel('Answer').fill('As the passport says.');
    await accessible(officer, 'a decision on a correction');
    await shot(officer, 'privacy-decision');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.waitFor({ state: 'detached' });
  }
  await shot(officer, 'privacy-officer', { fullPage: true });
  const told = await ask(patient, '/api/notifications?limit=50');
  for (const kind of ['correction_accepted', 'correction_declined']) {
    check(
      told.body.items.some((row) => row.type === kind),
      `the patient was not told: ${kind}`,
    );
  }
  await patient.goto('/my-data');
  await settled(patient);
  await patient.locator('article').filter({ hasText: words[1] }).getByRole('button', { name: 'I disagree' }).click();
  const dialog = patient.getByRole('dialog');
  await dialog.getByLabel('Statement of disagreement').fill('I did move.');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await patient.locator('article').filter({ hasText: 'I did move.' }).waitFor();
}

async function consents(patient) {
  const films = patient.getByRole('region', { name: 'Films for training' });
  await films.getByRole('button', { name: 'Take it back' }).click();
  await films.getByText('Withdrawn on').waitFor();
  await films.getByRole('button', { name: 'I agree' }).click();
  await films.getByText('Given on').waitFor();
  await patient.getByText('What was said, and when').click();
  await accessible(patient, 'consents');
  await shot(patient, 'privacy-consents-phone', { fullPage: true });
}
