import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Provider } from 'oidc-provider';
import { accessible, check, freePort, open, shot } from './browser.mjs';

const binary = process.env.PORTAL_BINARY;
const secret = 'a secret: with/odd+letters&=';
const words = 'four plain words suffice here';

/** People of the hospital. */
const people = {
  kim: { email: 'kim@example.org', email_verified: true, name: 'Kim Reader', groups: ['staff', 'readers'] },
  robin: { email: 'robin@example.org', email_verified: true, name: 'Robin Visitor', groups: ['staff'] },
};

/** A certified provider, as a hospital may run one. */
function startProvider(port, portal) {
  const provider = new Provider(`http://127.0.0.1:${port}`, {
    clients: [
      {
        client_id: 'portal',
        client_secret: secret,
        redirect_uris: [`${portal}/sso`],
        post_logout_redirect_uris: [`${portal}/signin`],
        grant_types: ['authorization_code'],
        response_types: ['code'],
      },
    ],
    claims: { openid: ['sub', 'groups'], email: ['email', 'email_verified'], profile: ['name'] },
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    features: { devInteractions: { enabled: true }, rpInitiatedLogout: { enabled: true } },
    findAccount: (_context, id) => people[id] && { accountId: id, claims: () => ({ sub: id, ...people[id] }) },
  });
  return new Promise((done) => {
    const server = provider.listen(port, '127.0.0.1', () => done(server));
  });
}

/** A portal of its own, which knows the provider. */
async function startPortal(port, issuer) {
  const data = mkdtempSync(join(tmpdir(), 'portal-sso-'));
  // For PostgreSQL's own account, where this runs as root.
  chmodSync(data, 0o755);
  const address = `http://127.0.0.1:${port}`;
  const place = ['--data-dir', data];
  const portal = spawn(
    binary,
    ['serve', ...place, '--listen', `127.0.0.1:${port}`, '--public-url', address, '--oidc-issuer', issuer, '--oidc-client-id', 'portal'],
    { env: { ...process.env, PORTAL_OIDC_CLIENT_SECRET: secret }, stdio: 'ignore' },
  );
  const ended = new Promise((done) => portal.on('exit', done));
  const stop = async () => {
    portal.kill('SIGINT');
    await ended;
    rmSync(data, { recursive: true, force: true });
  };
  for (let tries = 0; tries < 300; tries += 1) {
    const ready = await fetch(`${address}/readyz`).catch(() => null);
    if (ready?.ok) break;
    await new Promise((done) => setTimeout(done, 200));
  }
  const run = (...command) => {
    const { status, stderr } = spawnSync(binary, command, { env: { ...process.env, PORTAL_PASSWORD: words }, encoding: 'utf8' });
    check(status === 0, `${command.slice(0, 3).join(' ')}: ${stderr}`);
  };
  const settings = { label: 'St. Example', roles: ['readers = doctor'] };
  run('settings', 'set', ...place, 'sign_in.single_sign_on', JSON.stringify(settings));
  return { address, stop };
}

/** Signs in at the provider's own page. */
async function atProvider(page, login) {
  await page.getByRole('button', { name: 'Sign in with St. Example' }).click();
  await page.locator('input[name=login]').fill(login);
  await page.locator('input[name=password]').fill('anything');
  await page.locator('button[type=submit]').click();
  await page.getByRole('button', { name: 'Continue' }).click();
}

/** Single sign-on with a real provider in a real browser: in, refused, out. */
export default async function sso(browser) {
  if (!binary) {
    console.log('     without PORTAL_BINARY there is no portal that knows a provider: left out');
    return;
  }
  const [portalPort, providerPort] = [await freePort(), await freePort()];
  const issuer = `http://127.0.0.1:${providerPort}`;
  const provider = await startProvider(providerPort, `http://127.0.0.1:${portalPort}`);
  const portal = await startPortal(portalPort, issuer);
  // The provider's own pages load a font from elsewhere, and have no icon.
  const elsewhere = [issuer, 'https://fonts.'];
  const expected = ['favicon', 'fonts.', '401', '403'];
  try {
    const page = await open(browser, { site: portal.address, elsewhere, expected, width: 375, height: 800, scheme: 'light' });
    await page.goto('/signin');
    await page.getByRole('button', { name: 'Sign in with St. Example' }).waitFor();
    await accessible(page, 'signing in by single sign-on');
    await shot(page, 'sso-signin-375-light');
    await atProvider(page, 'kim');
    await page.locator('main#content').waitFor();
    const me = await page.evaluate(() => fetch('/api/auth/me').then((answer) => answer.json()));
    check(me.user.email === 'kim@example.org' && me.user.role === 'doctor', JSON.stringify(me.user));
    check(!page.url().includes('code='), 'the code stays in the address');

    // Out here, and out there.
    await page.getByRole('button', { name: /Account/ }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.waitForURL(`${issuer}/**`);
    await page.getByRole('button', { name: /sign me out/ }).click();
    await page.waitForURL(`${portal.address}/signin**`);

    // Whoever has none of the groups is told so.
    const other = await open(browser, { site: portal.address, elsewhere, expected, language: 'de' });
    await other.goto('/signin');
    await other.getByRole('button', { name: 'Mit St. Example anmelden' }).click();
    await other.locator('input[name=login]').fill('robin');
    await other.locator('input[name=password]').fill('anything');
    await other.locator('button[type=submit]').click();
    await other.getByRole('button', { name: 'Continue' }).click();
    await other.getByText('kein Recht auf dieses Portal').waitFor();
    await accessible(other, 'single sign-on without a role');
    await shot(other, 'sso-no-role-de-dark');
    // And a way back that nobody began.
    await other.goto('/sso?state=made-up&code=made-up');
    await other.getByRole('alert').waitFor();
    await shot(other, 'sso-over-de-dark');
  } finally {
    await portal.stop();
    provider.closeAllConnections();
    provider.close();
  }
}
