import { createHmac } from 'node:crypto';
import { accessible, ask, check, open, password, settled, shot, signIn } from './browser.mjs';

const secretWords = 'four plain words suffice here';

/** The code of RFC 6238 for a secret in base 32, some half minutes from now. */
function totp(secret, later = 0) {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = [...secret.replaceAll(' ', '')].map((letter) => letters.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigInt64BE(BigInt(Math.floor(Date.now() / 30_000) + later));
  const tag = createHmac('sha1', key).update(step).digest();
  const offset = tag[19] & 15;
  return String((tag.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

/** Sets a setting, and gives what puts it back. */
export async function set(tech, key, value) {
  const { body } = await ask(tech, '/api/settings');
  const usual = body.items.find((item) => item.setting_key === key).setting_value;
  const put = async (wanted) => {
    const { status } = await ask(tech, `/api/settings/${key}`, { method: 'PUT', body: { setting_value: wanted } });
    check(status === 200, `${key} was refused: ${status}`);
  };
  await put(value);
  return () => put(usual);
}

/** Passwords, second factors, proofs, and sessions that others end. */
export default async function signin(browser) {
  const tech = await open(browser, { expected: ['422', '403', '409'] });
  await tech.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await signIn(tech, 'tech@example.com');
  const email = `robin-${Date.now()}@example.com`;
  await newAccount(tech, email);
  const doctor = await open(browser, { width: 375, height: 800, scheme: 'light', expected: ['401', '403', '422'] });
  await signIn(doctor, email, secretWords);
  const secret = await setUp(doctor);
  await comeBack(browser, email, secret);
  await prove(tech, doctor);
  await endSessions(tech, doctor, email);
  await mustEnrol(browser, tech);
}

/** A common password is refused; one from a password manager is pasted. */
async function newAccount(tech, email) {
  await tech.goto('/users');
  await settled(tech);
  await tech.getByRole('button', { name: 'New account' }).click();
  const dialog = tech.getByRole('dialog');
  await dialog.getByLabel('Name', { exact: false }).first().fill('Robin Reader');
  await dialog.getByLabel('E-mail', { exact: false }).fill(email);
  await dialog.locator('select').selectOption('doctor');
  const field = dialog.locator('input[type=password]');
  await field.fill('Password1234');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.getByText(/among the most common/).waitFor();
  await tech.evaluate((text) => navigator.clipboard.writeText(text), secretWords);
  await field.fill('');
  await field.focus();
  await tech.keyboard.press('Control+V');
  check((await field.inputValue()) === secretWords, 'a password cannot be pasted');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.waitFor({ state: 'detached' });
}

async function setUp(page) {
  await page.goto('/profile');
  await settled(page);
  await page.getByRole('button', { name: 'Set a second factor up' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('img', { name: /QR code/ }).waitFor();
  await accessible(page, 'setting a second factor up');
  await shot(page, 'signin-set-up-375-light');
  const secret = await dialog.locator('code').innerText();
  await dialog.locator('input[name=code]').fill('000000');
  await dialog.getByRole('button', { name: 'Put it into force' }).click();
  await dialog.getByRole('alert').waitFor();
  await dialog.locator('input[name=code]').fill(totp(secret));
  await page.keyboard.press('Enter');
  await dialog.getByText('Your recovery codes', { exact: true }).waitFor();
  await accessible(page, 'recovery codes');
  await shot(page, 'signin-recovery-375-light');
  const recovery = await dialog.getByRole('listitem').allInnerTexts();
  check(recovery.length === 10, `${recovery.length} recovery codes`);
  await dialog.getByRole('button', { name: 'I have kept them' }).click();
  await page.getByText('10 recovery codes are left.').waitFor();
  await shot(page, 'signin-profile-375-light', { fullPage: true });
  return secret;
}

/** A new browser: the password alone opens nothing. */
async function comeBack(browser, email, secret) {
  const page = await open(browser, { expected: ['401'] });
  await page.goto('/signin');
  await page.getByLabel('E-mail', { exact: false }).first().fill(email);
  await page.locator('input[name=password]').fill(secretWords);
  await page.keyboard.press('Enter');
  await page.locator('input[name=code]').waitFor();
  check((await page.context().cookies()).length === 0, 'there is a cookie before the second factor');
  await accessible(page, 'the second step');
  await shot(page, 'signin-second-step');
  await page.keyboard.type('000000');
  await page.keyboard.press('Enter');
  await page.getByText(/code is wrong/).waitFor();
  await page.locator('input[name=code]').fill(totp(secret, 1));
  await page.keyboard.press('Enter');
  await page.locator('main#content').waitFor();
  await page.context().close();
}

/** An export asks who it is, and goes on by itself; whoever has a second factor gives a code. */
async function prove(tech, doctor) {
  const back = await set(tech, 'sign_in.step_up_minutes', {
    sign_review: 720,
    promote_model: 10,
    export: 0,
    break_glass: 10,
    account: 0,
  });
  try {
    // The sign-in was a proof too; this uses it up.
    await ask(tech, '/api/auth/second-factor/totp', { method: 'POST' });
    await tech.goto('/models');
    await settled(tech);
    await tech.getByRole('button', { name: /Export/ }).first().click();
    await tech.getByRole('dialog').getByRole('textbox', { name: /Reason/ }).fill('To train on our own films');
    await tech.getByRole('dialog').getByRole('button', { name: /Export/ }).click();
    const dialog = tech.getByRole('dialog', { name: 'Prove that it is you' });
    await dialog.waitFor();
    await accessible(tech, 'a proof');
    await shot(tech, 'signin-step-up');
    await tech.keyboard.type('not this one');
    await tech.keyboard.press('Enter');
    await dialog.getByText(/not your password/).waitFor();
    await dialog.locator('input[type=password]').fill(password);
    const [download] = await Promise.all([tech.waitForEvent('download'), tech.keyboard.press('Enter')]);
    check(download.suggestedFilename().endsWith('.tar'), 'no training set was exported');

    // Setting the second factor up was a proof too.
    const { body } = await ask(doctor, '/api/auth/second-factor/recovery-codes', { method: 'POST' });
    await doctor.getByRole('button', { name: 'New recovery codes' }).click();
    const proof = doctor.getByRole('dialog', { name: 'Prove that it is you' });
    await proof.locator('input[name=code]').fill(body.recovery_codes[0]);
    await shot(doctor, 'signin-step-up-375-light');
    await doctor.keyboard.press('Enter');
    await doctor.getByText('Your recovery codes', { exact: true }).waitFor();
    await doctor.getByRole('button', { name: 'I have kept them' }).click();
  } finally {
    await back();
  }
}

async function endSessions(tech, doctor, email) {
  await tech.goto(`/users?search=${email}`);
  await settled(tech);
  await tech.getByRole('button', { name: /^Change Robin/ }).first().click();
  const dialog = tech.getByRole('dialog');
  await dialog.getByText('Open sessions').waitFor();
  await dialog.getByRole('button', { name: 'End', exact: true }).first().waitFor();
  await accessible(tech, 'the sessions of an account');
  await shot(tech, 'signin-sessions');
  const all = dialog.getByRole('button', { name: 'End all of them' });
  if ((await all.count()) > 0) await all.click();
  else await dialog.getByRole('button', { name: 'End', exact: true }).click();
  await dialog.getByText('Not signed in anywhere').waitFor();
  await doctor.goto('/profile');
  await doctor.waitForURL('**/signin**');
  // Signed out, with the password forgotten: tech hands a code over.
  await dialog.getByRole('button', { name: 'Code for a new password' }).click();
  const code = await dialog.getByRole('status').locator('code').innerText();
  await accessible(tech, 'a code for a new password');
  await tech.keyboard.press('Escape');
  await doctor.getByRole('link', { name: 'Password forgotten?' }).click();
  await doctor.getByText(/sends no mail/).waitFor();
  await accessible(doctor, 'a forgotten password');
  await shot(doctor, 'signin-forgot-375');
  await doctor.goto(`/reset#${code}`);
  check((await doctor.locator('input[name=code]').inputValue()) === code, 'the code of the link is not taken');
  check(!doctor.url().includes(code), 'the code stays in the address');
  await doctor.locator('input[name=password]').fill('five other words are better');
  await accessible(doctor, 'a new password');
  await shot(doctor, 'signin-reset-375');
  await doctor.keyboard.press('Enter');
  await doctor.getByText('The new password is in force').waitFor();
}

/** A role that needs a second factor is led to set one up before anything else. */
async function mustEnrol(browser, tech) {
  const back = await set(tech, 'sign_in.second_factor_roles', ['radiologist']);
  try {
    const page = await open(browser, { language: 'de' });
    await page.goto('/signin');
    await page.locator('input[name=email]').fill('radiologist@example.com');
    await page.locator('input[name=password]').fill(password);
    await page.keyboard.press('Enter');
    await page.getByRole('img', { name: /QR-Code/ }).waitFor();
    check((await page.context().cookies()).length === 0, 'there is a cookie before the second factor');
    await accessible(page, 'setting a second factor up at sign-in');
    await shot(page, 'signin-must-enrol-de-dark', { fullPage: true });
    const secret = await page.locator('code').innerText();
    await page.locator('input[name=code]').fill(totp(secret));
    await page.keyboard.press('Enter');
    await page.getByText('Ihre Wiederherstellungscodes', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Ich habe sie aufbewahrt' }).click();
    await page.locator('main#content').waitFor();
    const { body: me } = await ask(page, '/api/auth/me');
    await page.context().close();
    // As it was, for whoever comes next.
    const { status } = await ask(tech, `/api/users/${me.user.id}/second-factor`, { method: 'DELETE' });
    check(status === 204, `the second factor was not reset: ${status}`);
  } finally {
    await back();
  }
}
