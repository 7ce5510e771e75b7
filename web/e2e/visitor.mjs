import { accessible, check, open, password, settled, shot, signIn } from './browser.mjs';

/** Somebody who is not signed in: looks, fails, signs up, changes the language, signs out and in. */
export default async function visitor(browser) {
  for (const scheme of ['light', 'dark']) {
    const page = await open(browser, { scheme });
    await page.goto('/');
    await page.waitForURL('**/signin');
    await settled(page);
    await shot(page, `signin-${scheme}`);
    await accessible(page, `sign-in, ${scheme}`);
    await page.goto('/signup');
    await settled(page);
    await shot(page, `signup-${scheme}`);
    await accessible(page, `sign-up, ${scheme}`);
    await page.context().close();
  }

  const page = await open(browser, { expected: ['401', '422'] });
  await page.goto('/signin');
  await page.locator('input[name=email]').fill('nobody@example.com');
  await page.locator('input[name=password]').fill('not the password');
  await page.locator('form button[type=submit]').click();
  await page.getByRole('alert').getByText('do not match').waitFor();

  await page.goto('/signup');
  const email = `new-${Date.now()}@example.com`;
  await page.locator('input[name=name]').fill('Nora New');
  await page.locator('input[name=email]').fill(email);
  await page.locator('input[name=password]').fill('aaaaaaaaaaaa');
  await page.locator('form button[type=submit]').click();
  await page.locator('[id*=password-error], .mantine-InputWrapper-error').first().waitFor();
  await page.locator('input[name=password]').fill('four words make sense');
  await page.locator('form button[type=submit]').click();
  await page.waitForURL('**/results');
  await page.getByText('No result yet').waitFor();
  await accessible(page, 'empty results');
  await shot(page, 'patient-empty');

  await page.getByRole('button', { name: /Account of/ }).click();
  await page.getByRole('menuitemradio', { name: 'Deutsch' }).click();
  await page.getByRole('heading', { name: 'Meine Ergebnisse' }).waitFor();
  check((await page.locator('html').getAttribute('lang')) === 'de', 'the page does not say that it is German');
  await shot(page, 'patient-empty-german');
  await page.getByRole('menuitem', { name: 'Abmelden' }).click();
  await page.waitForURL('**/signin');

  // A deep link leads on after signing in, and not to a page of another role.
  await page.goto('/history');
  await page.waitForURL('**/signin?next=**');
  await signIn(page, email, 'four words make sense');
  await page.goto('/audit');
  await page.waitForURL('**/results');
  check(password.length > 0, 'PORTAL_DEMO_PASSWORD is empty');
}
