// Films of an earlier examination come from another archive, dcmtk's, and stand beside the new one.
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { accessible, ask, base, check, freePort, look, open, password, settled, shot, signIn } from './browser.mjs';

const { PORTAL_BINARY, PORTAL_DATA_DIR } = process.env;
// Of this run alone, so that the journey can be made again.
const NUMBER = `E2E-${Date.now()}`;
const portal = (...words) =>
  execFileSync(PORTAL_BINARY, [...words, '--data-dir', PORTAL_DATA_DIR], { stdio: 'pipe' }).toString();
const tool = (name, ...words) => execFileSync(name, words, { stdio: 'pipe' });

function isHere() {
  try {
    tool('dcmqrscp', '--version');
    return PORTAL_BINARY !== undefined && PORTAL_DATA_DIR !== undefined;
  } catch {
    return false;
  }
}

/** An earlier film and a new one of one person, and a film of somebody else under the same number; all synthetic. */
function films(folder) {
  tool(PORTAL_BINARY, 'demo', 'generate', '--count', '3', '--out', folder);
  const files = readdirSync(folder)
    .filter((name) => name.endsWith('.dcm'))
    .sort()
    .slice(0, 3)
    .map((name) => join(folder, name));
  const says = [
    ['Synthetic^Priya', '20240304', 'Thorax p.a.'],
    ['Synthetic^Priya', '20261101', 'Thorax p.a.'],
    ['Synthetic^Petra', '20250607', 'Thorax bedside'],
  ];
  says.forEach(([name, day, description], at) => {
    const values = { PatientID: NUMBER, PatientName: name, PatientBirthDate: '19600102', StudyDate: day, StudyDescription: description };
    const changes = Object.entries(values).flatMap(([keyword, value]) => ['-i', `${keyword}=${value}`]);
    tool('dcmodify', '-nb', '-gst', '-gse', '-gin', ...changes, files[at]);
  });
  return files;
}

/** dcmtk's archive, which holds these films until it is stopped. */
async function archive(folder, port, files) {
  const store = join(folder, 'store');
  mkdirSync(store);
  const configuration = join(folder, 'dcmqrscp.cfg');
  writeFileSync(
    configuration,
    `NetworkTCPPort = ${port}\nMaxPDUSize = 16384\nMaxAssociations = 16\nHostTable BEGIN\nHostTable END\nVendorTable BEGIN\n` +
      `VendorTable END\nAETable BEGIN\nE2E_PACS ${store} RW (200, 1024mb) ANY\nAETable END\n`,
  );
  const child = spawn('dcmqrscp', ['-c', configuration], { stdio: 'ignore' });
  for (let turn = 0; ; turn++) {
    try {
      tool('storescu', '-aec', 'E2E_PACS', '127.0.0.1', String(port), ...files);
      return child;
    } catch (error) {
      if (turn > 50) throw error;
      await new Promise((done) => setTimeout(done, 100));
    }
  }
}

/** Sends a film in for a patient who is registered under its number; gives the report. */
async function sent(file) {
  const login = await fetch(`${base}/api/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: 'radiologist@example.com', password }),
  });
  const authorization = `Bearer ${(await login.json()).token}`;
  const patient = await fetch(`${base}/api/patients`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'Priya Synthetic', identifier: NUMBER, date_of_birth: '1960-01-02' }),
  });
  check(patient.status === 201, `the patient was not registered: ${patient.status}`);
  const form = new FormData();
  form.append('files', new Blob([readFileSync(file)]), 'film.dcm');
  const receipt = await fetch(`${base}/api/reports/upload`, { method: 'POST', headers: { authorization }, body: form });
  check(receipt.status === 201, `the film was not taken: ${receipt.status}`);
  return (await receipt.json()).reports[0].report_id;
}

export default async function priors(browser) {
  if (!isHere()) {
    console.log('     skipped: it needs dcmtk, and PORTAL_BINARY and PORTAL_DATA_DIR to say where the portal is');
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'portal-priors-'));
  const port = await freePort();
  let child;
  try {
    portal('device', 'add', '--ae-title', 'E2E_PACS', '--host', '127.0.0.1', '--port', String(port));
    portal('archive', 'add', '--ae-title', 'E2E_PACS');
    const [earlier, current, other] = films(join(folder, 'films'));
    const report = await sent(current);
    const page = await open(browser);
    await signIn(page, 'doctor@example.com');
    await away(page, report);
    child = await archive(folder, port, [earlier, other]);
    await beside(page, report);
    await doubted(page, report);
    await small(browser, report);
  } finally {
    child?.kill();
    portal('archive', 'remove', '--ae-title', 'E2E_PACS');
    portal('device', 'remove', '--ae-title', 'E2E_PACS');
    rmSync(folder, { recursive: true, force: true });
  }
}

const card = (page) => page.getByRole('region', { name: 'Examinations in other archives' });

/** The case says that the archive has not answered. */
async function away(page, report) {
  await page.goto(`/queue/${report}`);
  await settled(page);
  await card(page).getByText('E2E_PACS has not answered yet', { exact: false }).waitFor({ timeout: 15_000 });
}

/** Waits until the archive was asked again, which is half a minute after the first attempt at most. */
async function answered(page, report) {
  for (let turn = 0; turn < 90; turn++) {
    const { body } = await ask(page, `/api/reports/${report}/priors`);
    if (body.studies.some(({ state }) => state === 'here')) return;
    await page.waitForTimeout(1000);
  }
  throw new Error('the earlier film does not come');
}

async function beside(page, report) {
  await answered(page, report);
  await page.reload();
  await settled(page);
  await page.locator('[data-pane=current][data-drawn]').waitFor({ timeout: 20_000 });
  const rows = card(page).getByRole('listitem');
  check((await rows.count()) === 2, `${await rows.count()} earlier examinations instead of 2`);
  await accessible(page, 'a case with examinations in another archive');
  const compare = card(page).getByRole('button', { name: /^Compare/ });
  await compare.focus();
  await page.keyboard.press('Enter');
  const film = page.locator('[data-pane=prior][data-drawn]');
  await film.waitFor({ timeout: 20_000 });
  check((await look(page, film)).deviation > 15, 'the earlier film is not drawn');
  await page.locator('[data-pane=prior]').getByText('E2E_PACS', { exact: false }).waitFor();
  await card(page).scrollIntoViewIfNeeded();
  await shot(page, 'doctor-priors-dark');
}

/** What may be somebody else's says so, before and after it is fetched. */
async function doubted(page) {
  const row = card(page).getByRole('listitem').filter({ hasText: 'Thorax bedside' });
  await row.getByText('Not certainly this patient', { exact: false }).waitFor();
  await row.getByRole('button', { name: /^Fetch/ }).click();
  await row.getByRole('button', { name: /^Compare/ }).waitFor({ timeout: 30_000 });
  await row.getByText('Petra Synthetic', { exact: false }).waitFor();
  await row.getByRole('button', { name: /^Compare/ }).click();
  await page.locator('[data-pane=prior][data-drawn]').waitFor({ timeout: 20_000 });
  await page.locator('[data-pane=prior]').getByText('2025', { exact: false }).waitFor();
}

async function small(browser, report) {
  const page = await open(browser, { scheme: 'light', language: 'de', width: 390, height: 844 });
  await signIn(page, 'doctor@example.com');
  const wear = (preferences) => ask(page, '/api/auth/me', { method: 'PATCH', body: { preferences } });
  await wear({ theme: 'light', language: 'de' });
  await page.goto(`/queue/${report}`);
  await settled(page);
  await page.getByRole('radio', { name: 'Befund' }).or(page.getByText('Befund', { exact: true })).first().click();
  const region = page.getByRole('region', { name: 'Untersuchungen in anderen Archiven' });
  await region.scrollIntoViewIfNeeded();
  await shot(page, 'doctor-priors-phone-light');
  await accessible(page, 'examinations in another archive, phone');
  await wear({ theme: 'dark', language: 'en' });
}
