import { accessible, ask, check, look, open, settled, shot, signIn, unlike } from './browser.mjs';

const pane = (page, id = 'current') => page.locator(`[data-pane=${id}]`);
const drawn = (page, id = 'current') => page.locator(`[data-pane=${id}][data-drawn]`).waitFor({ timeout: 20_000 });

/** Waits until a part of the page looks as wanted. */
async function seen(page, locator, fine, what) {
  let last;
  for (let turn = 0; turn < 20; turn++) {
    last = await look(page, locator);
    if (fine(last)) return last;
    await page.waitForTimeout(150);
  }
  const { print: _, ...figures } = last;
  throw new Error(`${what}: ${JSON.stringify(figures)}`);
}

/** Reads a case by keyboard from the queue to the signature, while a second window watches. */
export default async function doctor(browser) {
  const page = await open(browser);
  await signIn(page, 'doctor@example.com');
  await page.waitForURL('**/queue');
  await settled(page);
  await ask(page, '/api/auth/me', { method: 'PATCH', body: { preferences: { theme: 'dark' } } });

  // A case with a film of the same patient from before, scored by the AI.
  const queue = (await ask(page, '/api/reviews/queue?limit=200')).body;
  const reports = (await ask(page, '/api/reports?limit=200')).body.items;
  const hasPrior = (item) =>
    reports.some(
      (other) =>
        other.patient_id === item.patient_id &&
        other.upload_date < item.upload_date &&
        other.report_id !== item.report_id,
    );
  const index = queue.items.findIndex((item) => item.risk_score && hasPrior(item));
  check(index >= 0, 'the demo queue holds no scored case with a prior film');
  const item = queue.items[index];

  await page.goto('/queue');
  await settled(page);
  for (let step = 0; step <= index; step++) await page.keyboard.press('j');
  const begin = Date.now();
  await page.keyboard.press('Enter');
  await page.waitForURL(`**/queue/${item.report_id}`);
  await drawn(page);
  console.log(`     film drawn ${Date.now() - begin} ms after opening`);
  await page.getByText(`${index + 1} of ${queue.summary.total}`).waitFor();
  const film = pane(page);
  const first = await seen(page, film, ({ deviation }) => deviation > 15, 'the film is not drawn');
  await shot(page, 'doctor-case-dark');
  await accessible(page, 'a case, dark');

  // The tools change what is to be seen, and reset brings it back.
  await page.keyboard.press('i');
  await seen(page, film, (now) => unlike(now, first) > 20, 'inverting changes nothing');
  await page.keyboard.press('i');
  await page.keyboard.press('1');
  await seen(page, film, (now) => unlike(now, first) > 5, 'the lung preset changes nothing');
  await page.keyboard.press('4');
  await seen(page, film, (now) => unlike(now, first) < 2, 'the usual preset does not restore the film');
  await page.keyboard.press('+');
  await page.getByText('125 %').waitFor();
  await page.keyboard.press('r');
  await seen(page, film, (now) => unlike(now, first) > 10, 'turning changes nothing');
  await page.keyboard.press('0');
  await seen(page, film, (now) => unlike(now, first) < 2, 'reset does not restore the film');

  const without = await look(page, film);
  await page.keyboard.press('h');
  await page.getByText('Shows where the model looked, not where disease is.').waitFor();
  await seen(page, film, ({ colour }) => colour > without.colour + 0.01, 'the heatmap adds no colour');
  await shot(page, 'doctor-heatmap');
  await page.keyboard.press('h');
  await seen(page, film, ({ colour }) => colour < without.colour + 0.005, 'the heatmap does not go away');

  await page.keyboard.press('c');
  await drawn(page, 'prior');
  await seen(page, pane(page, 'prior'), ({ deviation }) => deviation > 15, 'the prior film is not drawn');
  await page.keyboard.press('+');
  check((await page.getByText('125 %').count()) === 2, 'the prior film does not move along');
  await shot(page, 'doctor-compare');
  await page.keyboard.press('0');
  await page.keyboard.press('c');

  // A length, click by click, that is there after a reload.
  const before = await page.locator('[data-pane=current] svg line').count();
  await page.keyboard.press('m');
  const box = await film.boundingBox();
  const at = (x, y) => [box.x + box.width * x, box.y + box.height * y];
  await page.mouse.move(...at(0.42, 0.72));
  await page.mouse.down();
  await page.mouse.move(...at(0.5, 0.72), { steps: 5 });
  await page.mouse.move(...at(0.6, 0.72), { steps: 5 });
  await page.mouse.up();
  await page
    .locator('[data-pane=current] svg text')
    .filter({ hasText: /\d (mm|px)/ })
    .first()
    .waitFor();
  check((await page.locator('[data-pane=current] svg line').count()) > before, 'no length was drawn');
  await shot(page, 'doctor-measure');

  await page.getByRole('textbox', { name: 'Findings' }).fill('Opacity in the right lower zone.');
  await page.getByText(/Draft saved/).waitFor();
  await page.waitForTimeout(900);
  await page.reload();
  await drawn(page);
  await page
    .locator('[data-pane=current] svg text')
    .filter({ hasText: /\d (mm|px)/ })
    .first()
    .waitFor();
  check(
    (await page.getByRole('textbox', { name: 'Findings' }).inputValue()) === 'Opacity in the right lower zone.',
    'the draft did not survive the reload',
  );

  // A second window sees the claim, and the end of the case, by itself.
  const other = await open(browser);
  await signIn(other, 'doctor@example.com');
  await other.waitForURL('**/queue');
  await other
    .getByRole('button', { name: new RegExp(item.patient_name) })
    .first()
    .waitFor();
  const count = async () => Number.parseInt(await other.getByText(/\d+ waiting/).textContent(), 10);
  const waiting = await count();

  // Signing by key: first what is missing, then the confirmation.
  await page.keyboard.press('s');
  await page.getByText('Some fields are still needed').waitFor();
  await page.getByLabel('Disagree with AI').check();
  await page.getByLabel('Why not').selectOption('wrong_place');
  await page.locator('input[name=risk][value=high]').check();
  await page.locator('input[name=urgency][value=urgent]').check();
  await page.getByText(/Draft saved/).waitFor();
  await page.locator('h2').first().click();
  await page.keyboard.press('s');
  await page.getByRole('dialog').getByText('Sign this report?').waitFor();
  await accessible(page, 'signing');
  await shot(page, 'doctor-sign');
  await page.keyboard.press('Enter');
  await page.getByText(/The report of .* is signed/).waitFor();
  const signed = Date.now();
  while ((await count()) >= waiting) {
    check(Date.now() - signed < 3000, 'the second window does not see that the case is done');
    await other.waitForTimeout(50);
  }
  const delay = Date.now() - signed;
  console.log(`     second window after ${delay} ms`);
  check(delay < 1000, `the second window saw it only after ${delay} ms`);
  check(!page.url().endsWith(item.report_id), 'the next case was not opened');
  await drawn(page);

  // The signed report: an addendum is all that can be added.
  await page.goto(`/queue/${item.report_id}`);
  await page.getByText('Signed reports').waitFor();
  await page.getByLabel('Addendum').fill('Told the ward by telephone.');
  await page.getByRole('button', { name: 'Add addendum' }).click();
  await page.getByText('Told the ward by telephone.', { exact: true }).first().waitFor();
  await settled(page);
  await shot(page, 'doctor-signed');
  await accessible(page, 'signed case');

  await page.keyboard.press('Escape');
  await page.locator('h2').first().click();
  await page.keyboard.press('?');
  await page.getByRole('dialog').getByText('Measure a length').waitFor();
  await accessible(page, 'keys');
  await page.keyboard.press('Escape');
  await page.locator('h2').first().click();
  await page.keyboard.press('/');
  await page.getByRole('combobox').fill(item.patient_name.slice(0, 4));
  await page.getByRole('option').first().waitFor();
  await accessible(page, 'search');
  await shot(page, 'search');
}
