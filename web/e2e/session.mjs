import { accessible, ask, check, open, password, settled, shot, signIn } from './browser.mjs';

const setting = '/api/settings/session.idle_minutes';

/** The session ends for want of use: a warning before, a sign-in in place after, and what was written is still there. */
export default async function session(browser) {
  const tech = await open(browser);
  await signIn(tech, 'tech@example.com');
  const usual = (await ask(tech, '/api/settings')).body.items.find(
    ({ setting_key }) => setting_key === 'session.idle_minutes',
  ).setting_value;
  const set = async (minutes) => {
    const { status } = await ask(tech, setting, { method: 'PUT', body: { setting_value: minutes } });
    check(status === 200, `the setting was refused: ${status}`);
  };
  await set(3);
  try {
    await expire(browser);
  } finally {
    await set(usual);
  }
}

async function expire(browser) {
  // The browser's clock is moved; the server's stands, so its session is ended there by signing it out.
  const page = await open(browser, { expected: ['401'] });
  await page.clock.install();
  await signIn(page, 'doctor@example.com');
  await page.waitForURL('**/queue');
  await page.locator('ol button').first().waitFor();
  const { body: queue } = await ask(page, '/api/reviews/queue?limit=200');
  const item = queue.items.find(({ claimed_by, identity_disagreement }) => !claimed_by && !identity_disagreement.length);
  await page.goto(`/queue/${item.report_id}`);
  const findings = page.getByRole('textbox', { name: 'Findings' });
  await findings.fill('Written before the session ended.');
  await page.clock.runFor(2000);
  await page.getByText(/Draft saved/).waitFor();

  // Before the end it asks; whoever answers stays.
  await page.clock.runFor(65_000);
  await page.getByText('Are you still there?').waitFor();
  await accessible(page, 'the warning before the session ends');
  await shot(page, 'session-warning');
  await page.getByRole('button', { name: 'Stay signed in' }).click();
  await page.clock.runFor(6000);
  await page.getByText('Are you still there?').waitFor({ state: 'detached' });

  // Nobody answers, and the server ends the session.
  await findings.fill('Written before the session ended. And more that no draft has yet.');
  const { body: me } = await ask(page, '/api/auth/me');
  const { status } = await ask(page, `/api/auth/sessions/${me.session_id}`, { method: 'DELETE' });
  check(status === 204, `the session was not ended: ${status}`);
  await page.clock.runFor(190_000);
  await page.getByRole('dialog').getByText('Sign in again', { exact: true }).waitFor();
  await accessible(page, 'signing in again');
  await shot(page, 'session-over');
  check((await page.getByText(item.patient_name).count()) > 0, 'the case is gone');
  await page.getByRole('dialog').locator('input[type=password]').fill(password);
  await page.getByRole('dialog').getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  check(
    (await findings.inputValue()) === 'Written before the session ended. And more that no draft has yet.',
    'what was written is lost',
  );
  // What no draft had is saved now, and is there after a reload.
  await page.clock.runFor(5000);
  await page.waitForFunction(
    async (id) => {
      const detail = await (await fetch(`/api/reports/${id}`)).json();
      return detail.reviews.some((review) => review.clinical_findings?.endsWith('no draft has yet.'));
    },
    item.report_id,
    { polling: 500 },
  );
  await page.reload();
  await settled(page);
  check((await findings.inputValue()).endsWith('no draft has yet.'), 'the draft is lost after the reload');
  await findings.fill('');
  await page.clock.runFor(3000);
}
