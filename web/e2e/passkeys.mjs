import { accessible, ask, base, check, faults, open, settled, shot, signIn } from './browser.mjs';
import { set } from './signin.mjs';

/** Browsers know no passkeys at an address without a name. */
const site = base.replace('127.0.0.1', 'localhost');
const secretWords = 'four plain words suffice here';

/** Gives the page's browser an authenticator, as a telephone has one. */
async function authenticator(page) {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return { send: (method, parameters) => cdp.send(`WebAuthn.${method}`, { authenticatorId, ...parameters }) };
}

async function signOut(page) {
  const { status } = await ask(page, '/api/auth/logout', { method: 'POST' });
  check([204, 401].includes(status), `not signed out: ${status}`);
  await page.goto('/signin');
}

/** Passkeys in a real browser: made, used in each way there is, copied, taken away. */
export default async function passkeys(browser) {
  const tech = await open(browser);
  await signIn(tech, 'tech@example.com');
  const email = `kim-${Date.now()}@example.com`;
  const account = { email, password: secretWords, role: 'doctor', name: 'Kim Keys' };
  const { status } = await ask(tech, '/api/users', { method: 'POST', body: account });
  check(status === 201, `no account: ${status}`);

  const page = await open(browser, { width: 375, height: 800, scheme: 'light', expected: ['401', '403'], site });
  const device = await authenticator(page);
  await page.goto('/signin');
  await page.getByRole('button', { name: 'Use a passkey' }).waitFor();
  await accessible(page, 'signing in with a passkey');
  await shot(page, 'passkeys-signin-375-light', { fullPage: true });
  await signIn(page, email, secretWords);
  await make(page, device);
  await useIt(page, device, email);
  await copy(page, device);
  await takeAway(tech, page);

  const elsewhere = await open(browser, { language: 'de' });
  await elsewhere.goto('/signin');
  await settled(elsewhere);
  const buttons = await elsewhere.getByRole('button', { name: 'Passkey benutzen' }).count();
  check(buttons === 0, 'passkeys are offered at an address without a name');
}

async function make(page, device) {
  await page.goto('/profile');
  await settled(page);
  await page.getByRole('button', { name: 'Add a passkey' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('Work telephone');
  await accessible(page, 'naming a passkey');
  await shot(page, 'passkeys-name-375-light');
  // Somebody else's finger.
  await device.send('setUserVerified', { isUserVerified: false });
  await dialog.getByRole('button', { name: 'Go on' }).click();
  await dialog.getByText('No passkey was used').waitFor();
  await device.send('setUserVerified', { isUserVerified: true });
  await dialog.getByRole('button', { name: 'Go on' }).click();
  await page.getByText('Your recovery codes', { exact: true }).waitFor();
  await accessible(page, 'recovery codes of a passkey');
  await shot(page, 'passkeys-recovery-375-light');
  await page.getByRole('button', { name: 'I have kept them' }).click();
  await page.getByText('Work telephone').waitFor();
  // The same device once more.
  await page.getByRole('button', { name: 'Add a passkey' }).click();
  await dialog.getByRole('button', { name: 'Go on' }).click();
  await dialog.getByText('holds a passkey of this account already').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Rename: Work telephone' }).click();
  await dialog.getByLabel('Name').fill('Kim’s telephone');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Kim’s telephone').waitFor();
  await page.getByText('10 recovery codes are left.').waitFor();
  await page.mouse.move(0, 0);
  await accessible(page, 'passkeys of a profile');
  await shot(page, 'passkeys-profile-375-light', { fullPage: true });
}

async function useIt(page, device, email) {
  await signOut(page);
  await page.getByRole('button', { name: 'Use a passkey' }).click();
  await page.locator('main#content').waitFor();
  const { body: me } = await ask(page, '/api/auth/me');
  check(me.user.email === email && me.second_factor, 'somebody else is signed in');
  const { credentials } = await device.send('getCredentials');
  check(credentials.length === 1 && credentials[0].isResidentCredential, 'it is not kept by the device');

  await signOut(page);
  await page.locator('input[name=email]').fill(email);
  await page.locator('input[name=password]').fill(secretWords);
  await page.keyboard.press('Enter');
  await page.locator('input[name=code]').waitFor();
  check((await page.context().cookies()).length === 0, 'there is a cookie before the second factor');
  await accessible(page, 'a passkey as second step');
  await shot(page, 'passkeys-second-step-375-light');
  await page.getByRole('button', { name: 'Use a passkey' }).click();
  await page.locator('main#content').waitFor();
}

/** A copy of the device from before its last uses. */
async function copy(page, device) {
  const { credentials } = await device.send('getCredentials');
  const [credential] = credentials;
  const again = async (signCount) => {
    await device.send('removeCredential', { credentialId: credential.credentialId });
    await device.send('addCredential', { credential: { ...credential, signCount } });
    await signOut(page);
    await page.getByRole('button', { name: 'Use a passkey' }).click();
  };
  await again(0);
  await page.getByText('This passkey was not accepted').waitFor();
  await accessible(page, 'a refused passkey');
  await shot(page, 'passkeys-refused-375-light', { fullPage: true });
  const before = faults.length;
  await again(credential.signCount + 1);
  await page.locator('main#content').waitFor();
  check(faults.length === before, 'the page reported a fault');
}

async function takeAway(tech, page) {
  const minutes = { sign_review: 720, promote_model: 10, export: 10, break_glass: 10, account: 0 };
  const back = await set(tech, 'sign_in.step_up_minutes', minutes);
  try {
    // The sign-in was a proof too; this uses it up.
    await ask(page, '/api/auth/passkeys/options', { method: 'POST' });
    await page.goto('/profile');
    await settled(page);
    await page.getByRole('button', { name: 'Remove: Kim’s telephone' }).click();
    const proof = page.getByRole('dialog', { name: 'Prove that it is you' });
    await proof.getByRole('button', { name: 'Use a passkey' }).waitFor();
    await accessible(page, 'a proof by passkey');
    await shot(page, 'passkeys-step-up-375-light');
    await proof.getByRole('button', { name: 'Use a passkey' }).click();
    await page.getByText('The passkey is removed').waitFor();
    await page.getByText('Kim’s telephone').waitFor({ state: 'detached' });
  } finally {
    await back();
  }
}
