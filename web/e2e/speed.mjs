// Measures what the issue of the interface promises: how soon a film of 7 MB is drawn after its case is opened, and how
// the doctor's queue scrolls with 10,000 rows. `node e2e/speed.mjs target/release/medical-portal`; needs psql. Figures
// depend on the machine, so nothing is asserted here but that the film is really to be seen.
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { base, check, launch, look, open, signIn } from './browser.mjs';
import { film } from './film.mjs';

const binary = resolve(process.argv[2] ?? '../target/release/medical-portal');
const rows = Number(process.env.PORTAL_BENCH_ROWS ?? 10_000);
const side = Number(process.env.PORTAL_BENCH_SIDE ?? 1900);
const secret = 'a bench in the garden';
const data = mkdtempSync(resolve(tmpdir(), 'portal-speed-'));
chmodSync(data, 0o755);

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const share = (values, part) => [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))];
const ms = (value) => `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;

function create(role) {
  execFileSync(
    binary,
    ['user', 'create', '--email', `${role}@example.org`, '--role', role, '--name', role, '--data-dir', data],
    { env: { ...process.env, PORTAL_PASSWORD: secret }, stdio: 'ignore' },
  );
}

async function call(path, { token, method = 'GET', json, body } = {}) {
  const response = await fetch(`${base}${path}`, {
    method,
    headers: {
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...(json ? { 'content-type': 'application/json' } : {}),
    },
    body: json ? JSON.stringify(json) : body,
  });
  const answer = await response.json();
  check(response.ok, `${method} ${path}: ${response.status} ${JSON.stringify(answer).slice(0, 300)}`);
  return answer;
}
const tokenOf = async (role) =>
  (await call('/api/auth/login', { method: 'POST', json: { email: `${role}@example.org`, password: secret } })).token;

function sql(text) {
  const socket = readdirSync(resolve(data, 'run')).find((name) => /PGSQL\.\d+$/.test(name));
  execFileSync(
    'psql',
    ['-XqAt', '-v', 'ON_ERROR_STOP=1', '-h', resolve(data, 'run'), '-p', socket.split('.').at(-1), '-U', 'postgres', '-d', 'portal', '-c', text],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
}

/** Sends films of one patient each in and waits until all of them are in the queue. */
async function sendFilms(count) {
  const token = await tokenOf('radiologist');
  const sent = [];
  for (let number = 0; number < count; number++) {
    const patient = await call('/api/patients', { token, method: 'POST', json: { name: `Film ${number}` } });
    const form = new FormData();
    form.append('patient_id', patient.patient_id);
    const bytes = film({ side, seed: number, number: '' });
    form.append('files', new Blob([bytes]), 'film.dcm');
    const receipt = await call('/api/reports/upload', { token, method: 'POST', body: form });
    sent.push({ reportId: receipt.reports[0].report_id, bytes: bytes.length });
  }
  for (const { reportId } of sent) {
    while ((await call(`/api/reports/${reportId}`, { token })).report.status !== 'analyzed') {
      await new Promise((done) => setTimeout(done, 100));
    }
  }
  return sent;
}

/**
 * Milliseconds until the film is to be seen and until the viewer has drawn it, from the act that opens a case or, without
 * one, from the beginning of the page. The frame with the film is presented before the one after it begins.
 */
const WATCH = `(act) => new Promise((done) => {
  const begin = act ? performance.now() : 0;
  const old = document.querySelector('[data-pane=current]');
  let seen;
  const look = () => {
    const pane = document.querySelector('[data-pane=current]');
    const mine = pane && pane !== old ? pane : null;
    if (mine && seen === undefined && mine.matches('[data-drawn], :has([data-preview])')) {
      seen = 0;
      requestAnimationFrame(() => requestAnimationFrame(() => (seen = performance.now() - begin)));
    }
    if (mine && mine.matches('[data-drawn]')) {
      requestAnimationFrame(() => requestAnimationFrame(() => {
        const drawn = performance.now() - begin;
        done({ seen: Math.min(seen || drawn, drawn), drawn });
      }));
    } else requestAnimationFrame(look);
  };
  if (act) document.querySelectorAll('ol button')[act.row].click();
  look();
})`;
const untilDrawn = (page, act) => page.evaluate(`(${WATCH})(${JSON.stringify(act ?? null)})`);

async function measureFilms(browser, films) {
  const page = await open(browser);
  await signIn(page, 'doctor@example.org', secret);
  await page.locator('ol button').nth(films.length - 1).waitFor();
  // The viewer's program is fetched while the queue is looked at.
  await page.waitForTimeout(Number(process.env.PORTAL_BENCH_LOOK ?? 1500));
  const times = [];
  for (let row = 0; row < films.length; row++) {
    times.push(await untilDrawn(page, { row }));
    const seen = await look(page, page.locator('[data-pane=current]'));
    check(seen.deviation > 15, `film ${row} is not to be seen: ${seen.deviation}`);
  }
  await page.context().close();
  const linked = [];
  for (const { reportId } of films.slice(0, 3)) {
    // A link into the case in a browser that has nothing of the portal in its store but the session.
    const fresh = await open(browser);
    await signIn(fresh, 'doctor@example.org', secret);
    await fresh.addInitScript(`addEventListener('DOMContentLoaded', () => (globalThis.watched = (${WATCH})(null)))`);
    await fresh.goto(`/queue/${reportId}`);
    linked.push(await fresh.evaluate(() => globalThis.watched));
    await fresh.context().close();
  }
  return { times, linked };
}

/** Scrolls the queue by `step` pixels a frame for so many frames, traced. */
async function scroll(page, step, frames) {
  const session = await page.context().newCDPSession(page);
  const events = [];
  session.on('Tracing.dataCollected', ({ value }) => events.push(...value));
  await session.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: { includedCategories: ['devtools.timeline', 'disabled-by-default-devtools.timeline', 'toplevel', '__metadata'] },
  });
  const gaps = await page.evaluate(
    ({ step, frames }) =>
      new Promise((done) => {
        const list = document.querySelector('ol').parentElement;
        const gaps = [];
        let last;
        let count = 0;
        let direction = 1;
        performance.mark('scroll-begin');
        const frame = (now) => {
          if (last !== undefined) gaps.push(now - last);
          last = now;
          const most = list.scrollHeight - list.clientHeight;
          if (list.scrollTop >= most - 1 && direction > 0) direction = -1;
          if (list.scrollTop <= 1 && direction < 0) direction = 1;
          list.scrollTop += step * direction;
          count += 1;
          if (count < frames) requestAnimationFrame(frame);
          else done(gaps);
        };
        requestAnimationFrame(frame);
      }),
    { step, frames },
  );
  const ended = new Promise((done) => session.once('Tracing.tracingComplete', done));
  await session.send('Tracing.end');
  await ended;
  await session.detach();
  return { gaps, work: workPerFrame(events) };
}

/** Milliseconds that the page's main thread works in each frame. */
function workPerFrame(events) {
  const fired = events.filter(({ name }) => name === 'FireAnimationFrame');
  const threads = new Map();
  for (const { pid, tid } of fired) threads.set(`${pid}/${tid}`, (threads.get(`${pid}/${tid}`) ?? 0) + 1);
  const [thread] = [...threads].sort((a, b) => b[1] - a[1])[0];
  const mine = (event) => `${event.pid}/${event.tid}` === thread;
  const begins = fired.filter(mine).map(({ ts }) => ts).sort((a, b) => a - b);
  const unique = begins.filter((ts, at) => at === 0 || ts - begins[at - 1] > 1000);
  const work = new Array(unique.length).fill(0);
  let at = 0;
  for (const task of events.filter((event) => mine(event) && event.name === 'RunTask' && event.dur).sort((a, b) => a.ts - b.ts)) {
    while (at + 1 < unique.length && unique[at + 1] < task.ts + task.dur) at += 1;
    if (task.ts + task.dur >= unique[0]) work[at] += task.dur / 1000;
  }
  return work.slice(1, -1);
}

async function measureQueue(browser) {
  const page = await open(browser);
  await signIn(page, 'doctor@example.org', secret);
  await page.locator('ol button').first().waitFor();
  const begin = Date.now();
  // A filter asks for the whole queue, page by page; then all rows are scrolled through.
  await page.locator('[aria-pressed]').filter({ hasText: 'Unclaimed' }).or(page.locator('[class*=filter]').nth(7)).first().click();
  await page.waitForFunction(
    (rows) => document.querySelector('ol').getBoundingClientRect().height >= rows * 90,
    rows,
    { timeout: 120_000 },
  );
  const loaded = Date.now() - begin;
  await page.waitForTimeout(500);
  const results = [];
  for (const [name, step, frames] of [
    ['reading pace, 12 px a frame', 12, 400],
    ['wheel, 100 px a frame', 100, 400],
    ['fling, 1,500 px a frame', 1500, 400],
  ]) {
    await page.evaluate(() => {
      document.querySelector('ol').parentElement.scrollTop = 0;
    });
    await page.waitForTimeout(300);
    results.push({ name, ...(await scroll(page, step, frames)) });
  }
  const drawn = await page.locator('ol li').count();
  await page.context().close();
  return { loaded, results, drawn };
}

/** Fills the queue, scrolls it and says how that went. */
async function tellQueue(browser) {
  sql(`
    INSERT INTO medical_reports (report_id, patient_id, patient_name, risk_score, status, upload_date, analysis_date, patient_age)
    SELECT gen_random_uuid(), (SELECT id FROM users WHERE role = 'patient' LIMIT 1), 'Patient ' || g,
           (ARRAY['low', 'medium', 'high', NULL])[1 + g % 4], 'analyzed', now() - g * interval '1 second', now(), g % 90
    FROM generate_series(1, ${rows}) g; ANALYZE medical_reports`);
  const queue = await measureQueue(browser);
  console.log(`queue of ${rows} rows: all pages loaded in ${ms(queue.loaded)}; ${queue.drawn} rows in the page at a time`);
  for (const { name, gaps, work } of queue.results) {
    const late = gaps.filter((gap) => gap > 25).length / gaps.length;
    console.log(
      `  ${name}: frame every ${ms(median(gaps))} (p95 ${ms(share(gaps, 0.95))}), ${(late * 100).toFixed(1)} % of frames late; ` +
        `main thread a frame: median ${ms(median(work))}, p95 ${ms(share(work, 0.95))}, most ${ms(Math.max(...work))}, ` +
        `${((work.filter((each) => each > 16).length / work.length) * 100).toFixed(1)} % above 16 ms`,
    );
  }
}

const serving = spawn(binary, ['serve', '--listen', new URL(base).host, '--data-dir', data], { stdio: ['ignore', 'pipe', 'ignore'] });
const browser = await launch();
try {
  for (;;) {
    const ready = await fetch(`${base}/readyz`).catch(() => null);
    if (ready?.status === 200) break;
    check(serving.exitCode === null, 'the portal did not start');
    await new Promise((done) => setTimeout(done, 100));
  }
  for (const role of ['radiologist', 'doctor']) create(role);
  console.log(`${cpus().length} cores, ${browser.version()}, ${new Date().toISOString().slice(0, 10)}`);
  const films = await sendFilms(6);
  const { times, linked } = await measureFilms(browser, films);
  for (const what of ['seen', 'drawn']) {
    const opened = times.map((each) => each[what]);
    const links = linked.map((each) => each[what]);
    console.log(
      `film of ${(films[0].bytes / 1e6).toFixed(1)} MB, opened in the queue -> ${what}: first ${ms(opened[0])}, then median ` +
        `${ms(median(opened.slice(1)))}, most ${ms(Math.max(...opened.slice(1)))}; by a link, page loaded anew: median ` +
        `${ms(median(links))}, most ${ms(Math.max(...links))}`,
    );
  }
  if (!process.env.PORTAL_BENCH_FILMS_ONLY) await tellQueue(browser);
} finally {
  await browser.close();
  const gone = new Promise((done) => serving.once('exit', done));
  serving.kill('SIGINT');
  await gone;
  rmSync(data, { recursive: true, force: true });
}
