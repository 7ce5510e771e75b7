import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { accessible, ask, check, faults, open, settled, shot, signIn } from './browser.mjs';

const SECOND = '9.0.0';

/** Governs models: what one model allows, and with a second one the way to work by two persons, and back. */
export default async function models(browser) {
  const page = await open(browser, { expected: ['409'] });
  await signIn(page, 'tech@example.com');
  await page.goto('/models');
  await settled(page);
  const active = (await listed(page)).find(({ is_active }) => is_active);
  const section = page.locator('section', { has: page.locator(`#model-${active.model_id}`) });
  const badge = (word) => section.locator('[data-stage]', { hasText: word }).waitFor();
  await badge('active');
  await figures(page, section);
  const reason = await suspendAndResume(page, section, badge);
  await section.getByText('History', { exact: true }).click();
  await section.getByText(reason).first().waitFor();
  await refusals(page, section);
  await files(page, section, active);
  await shot(page, 'tech-models', { fullPage: true });
  await readOnly(browser, active);
  if (await second(page)) await promotion(browser, page, active);
  else console.log('     skipped the promotion: PORTAL_BINARY and PORTAL_DATA_DIR do not say where the portal is');
}

const listed = async (page) => (await ask(page, '/api/models?limit=200')).body.items;

/** Does an act through its dialog; `where` holds its button. */
async function act(page, where, name, reason) {
  await where.getByRole('button', { name, exact: true }).click();
  const dialog = page.getByRole('dialog');
  const submit = dialog.getByRole('button', { name, exact: true });
  check(await submit.isDisabled(), `${name} goes without a reason`);
  await dialog.getByLabel('Reason', { exact: false }).fill(reason);
  await accessible(page, `the dialog to ${name}`);
  await submit.click();
  return dialog;
}

async function figures(page, section) {
  await page.getByRole('main').getByRole('button', { name: 'Count figures now' }).first().click();
  await section.getByRole('table', { name: 'Against signed reviews' }).waitFor({ timeout: 30_000 });
  await section.locator('.recharts-surface').first().waitFor();
  check((await section.getByText(/^\(\d/).count()) + (await section.getByText(/\d of \d/).count()) > 0, 'no counts');
}

async function suspendAndResume(page, section, badge) {
  const reason = `Checked by a journey ${Date.now()}`;
  const dialog = await act(page, section, 'Suspend', reason);
  await dialog.waitFor({ state: 'detached' });
  await badge('suspended');
  await (await act(page, section, 'Resume', `${reason}, all well`)).waitFor({ state: 'detached' });
  await badge('active');
  return reason;
}

/** What cannot be done stands in the dialog in words. */
async function refusals(page, section) {
  const before = (await ask(page, '/api/models/promotions')).body.items.some(({ decision }) => decision === 'approved');
  if (!before) {
    const dialog = await act(page, section, 'Roll back', 'Is there one before?');
    await dialog.getByRole('alert').getByText('There is no model to go back to.').waitFor();
    await shot(page, 'tech-rollback-refused');
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
  }
  await section.getByRole('button', { name: 'Recalibrate' }).click();
  const dialog = page.getByRole('dialog');
  await accessible(page, 'recalibration');
  await dialog.getByRole('button', { name: 'Recalibrate' }).click();
  await dialog.getByRole('alert').getByText('There are too few signed cases for that.').waitFor();
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
}

async function files(page, section, active) {
  const [report] = await Promise.all([
    page.waitForEvent('download'),
    section.getByRole('link', { name: 'Report' }).click(),
  ]);
  const html = readFileSync(await report.path(), 'utf8');
  check(html.includes(active.model_name) && html.includes(active.version), 'the report is about another model');
  await page.getByRole('button', { name: 'Export training set' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Reason', { exact: false }).fill('To see that it comes');
  await dialog.getByLabel(/Signed from/).fill('2020-01-01');
  await accessible(page, 'the export of a training set');
  await shot(page, 'tech-training-set');
  const [tar] = await Promise.all([
    page.waitForEvent('download'),
    dialog.getByRole('button', { name: 'Export training set' }).click(),
  ]);
  check(tar.suggestedFilename().endsWith('.tar'), `the training set is called ${tar.suggestedFilename()}`);
  const path = await tar.path();
  // The demo's films say of themselves that text is burned in, so they are left behind; the note at the end says so.
  const whole = readFileSync(path);
  check(whole.includes('manifest.csv') && whole.includes('README.md'), 'the training set is cut off');
  await dialog.waitFor({ state: 'detached' });
}

/** Radiologists read the page. */
async function readOnly(browser, active) {
  const page = await open(browser);
  await signIn(page, 'radiologist@example.com');
  await page.goto('/models');
  await settled(page);
  await page.getByRole('heading', { name: `${active.model_name} ${active.version}` }).waitFor();
  check((await page.getByRole('main').getByRole('button').count()) === 0, 'a radiologist may do something to models');
  await accessible(page, 'models, as a radiologist');
}

/** Imports the bundled network under another version, by the command line, unless it is there. */
async function second(page) {
  if ((await listed(page)).some(({ version }) => version === SECOND)) return true;
  const { PORTAL_BINARY, PORTAL_DATA_DIR } = process.env;
  if (!PORTAL_BINARY || !PORTAL_DATA_DIR) return false;
  const folder = mkdtempSync(join(tmpdir(), 'portal-model-'));
  try {
    cpSync(resolve(import.meta.dirname, '../../models/chest-paediatric'), folder, { recursive: true });
    const manifest = join(folder, 'model.toml');
    const text = readFileSync(manifest, 'utf8');
    const changed = text
      .replace(/^version = ".*"$/m, `version = "${SECOND}"`)
      .replace(/^medium = .*$/m, 'medium = 0.8');
    check(changed.includes(SECOND) && changed.includes('medium = 0.8'), 'the manifest was not changed');
    writeFileSync(manifest, changed);
    execFileSync(PORTAL_BINARY, ['model', 'import', '--data-dir', PORTAL_DATA_DIR, folder], { stdio: 'pipe' });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return true;
}

/** Shadow, comparison, request, a doctor's word, and the way back. */
async function promotion(browser, page, active) {
  await page.reload();
  await settled(page);
  const candidate = (await listed(page)).find(({ version }) => version === SECOND);
  const section = page.locator('section', { has: page.locator(`#model-${candidate.model_id}`) });
  await (await act(page, section, 'Start shadow', 'Trained on more films')).waitFor({ state: 'detached' });
  await section.locator('[data-stage]', { hasText: 'shadow' }).waitFor();

  const doctor = await open(browser, { expected: ['409', '422'] });
  await signIn(doctor, 'doctor@example.com');
  const prefer = (preferences) => ask(doctor, '/api/auth/me', { method: 'PATCH', body: { preferences } });
  await prefer({ theme: 'light' });
  await shadowed(doctor, page, active, candidate);
  await section.getByText('Beside the model at work', { exact: true }).click();
  await section.getByRole('table', { name: 'Answers' }).waitFor();
  await accessible(page, 'a comparison');

  await (await act(page, section, 'Ask for promotion', 'Fewer false alarms')).waitFor({ state: 'detached' });
  const request = page.locator('section', { has: page.locator('#open-promotion') });
  await request.getByText('You asked').waitFor();
  check((await request.getByRole('button', { name: 'Approve' }).count()) === 0, 'who asked may approve');
  await act(page, request, 'Withdraw', 'To see that it can be taken back');
  await request.waitFor({ state: 'detached' });
  await (await act(page, section, 'Ask for promotion', 'Fewer false alarms')).waitFor({ state: 'detached' });
  await request.waitFor();
  await shot(page, 'tech-promotion', { fullPage: true });
  await accessible(page, 'an open promotion');

  // The doctor is told, and the notification leads to the page.
  await doctor.goto('/notifications');
  await settled(doctor);
  await doctor.getByRole('link', { name: 'A model waits for a second person' }).first().click();
  await doctor.waitForURL('**/models');
  const asked = doctor.locator('section', { has: doctor.locator('#open-promotion') });
  await asked.getByRole('table', { name: 'Flagged, on signed cases' }).waitFor();
  await settled(doctor);
  check((await doctor.getByRole('button', { name: 'Suspend' }).count()) === 0, 'a doctor may suspend');
  await accessible(doctor, 'an open promotion, as a doctor, light');
  await shot(doctor, 'doctor-promotion', { fullPage: true });
  await telephone(doctor);
  await prefer({});
  await (await act(doctor, asked, 'Approve', 'The figures convince')).waitFor({ state: 'detached' });
  await asked.waitFor({ state: 'detached' });
  await doctor.getByText('Earlier requests').click();
  await doctor.getByText('The figures convince').first().waitFor();
  check((await listed(page)).find(({ is_active }) => is_active).version === SECOND, 'the model is not at work');

  await page.reload();
  await settled(page);
  await (await act(page, section, 'Roll back', 'Back to the one before')).waitFor({ state: 'detached' });
  const before = page.locator('section', { has: page.locator(`#model-${active.model_id}`) });
  await before.locator('[data-stage]', { hasText: 'active' }).waitFor();
  await section.locator('[data-stage]', { hasText: 'registered' }).waitFor();
}

/** Has some cases looked at again, so that both models saw them, and signs one. */
async function shadowed(doctor, tech, active, candidate) {
  const { body } = await ask(doctor, '/api/reports?limit=20');
  const again = [];
  for (const { report_id } of body.items) {
    const { status } = await ask(doctor, `/api/ai/analyze/${report_id}`, { method: 'POST' });
    check(status < 300 || status === 409, `an analysis was refused: ${status}`);
    if (status < 300) again.push(report_id);
  }
  const path = `/api/models/${active.model_id}/comparison?with=${candidate.model_id}`;
  for (let round = 0; (await ask(tech, path)).body.cases < again.length; round++) {
    if (round === 60) throw new Error('the shadow did not score every case');
    await tech.waitForTimeout(500);
  }
  for (const report_id of again) {
    const review = { doctor_risk_assessment: 'low', urgency_level: 'routine', clinical_findings: 'Made up' };
    const said = { confirmed_ai_diagnosis: false, ai_disagreement_reason: 'Made up as well' };
    const { status } = await ask(doctor, '/api/reviews', { method: 'POST', body: { report_id, ...review, ...said } });
    if (status === 201 && (await ask(tech, path)).body.signed > 0) return;
  }
  throw new Error('no case could be signed');
}

async function telephone(page) {
  await page.setViewportSize({ width: 375, height: 812 });
  await page.waitForTimeout(250);
  await shot(page, 'doctor-promotion-375', { fullPage: true });
  const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  if (over > 0) faults.push(`an open promotion is ${over} px wider than a telephone`);
  await accessible(page, 'an open promotion, 375 px');
  await page.setViewportSize({ width: 1600, height: 900 });
}
