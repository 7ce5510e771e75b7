import { check, look, open, settled, shot, signIn, unlike } from './browser.mjs';

/** On a slow line a preview stands where the film will stand; without a line the pages say so, and go on by themselves. */
export default async function line(browser) {
  const page = await open(browser, { expected: ['ERR_INTERNET_DISCONNECTED', 'Failed to load resource', 'Unable to preload CSS'] });
  await signIn(page, 'doctor@example.com');
  await settled(page);
  // The viewer's program is fetched while the queue is looked at.
  await page.waitForTimeout(2500);
  const session = await page.context().newCDPSession(page);
  await session.send('Network.enable');
  const speed = (bytes) =>
    session.send('Network.emulateNetworkConditions', {
      offline: false,
      latency: bytes > 0 ? 40 : 0,
      downloadThroughput: bytes,
      uploadThroughput: bytes,
    });
  await speed(700_000);
  await page.locator('ol button').first().click();
  const film = page.locator('[data-pane=current]');
  await film.locator('[data-preview]').waitFor({ timeout: 20_000 });
  check((await film.getAttribute('data-drawn')) === null, 'the film came faster than its preview');
  await film.getByText('Preview').waitFor();
  const preview = await look(page, film);
  check(preview.deviation > 15, `the preview is not to be seen: ${preview.deviation}`);
  await shot(page, 'doctor-preview');
  await speed(-1);
  await page.locator('[data-pane=current][data-drawn]').waitFor({ timeout: 20_000 });
  check((await film.getByText('Preview').count()) === 0, 'the preview stays on the film');
  const drawn = await look(page, film);
  const difference = unlike(preview, drawn);
  console.log(`     preview and film differ by ${difference.toFixed(1)} of 255`);
  check(difference < 6, `the preview lies otherwise than the film: they differ by ${difference}`);

  await page.context().setOffline(true);
  await page.getByText('Reconnecting', { exact: true }).waitFor();
  await page.getByRole('link', { name: 'My reviews' }).click();
  await page.getByText('The portal does not answer.').first().waitFor({ timeout: 15_000 });
  await shot(page, 'doctor-offline');
  await page.context().setOffline(false);
  await page.getByText('Live', { exact: true }).waitFor({ timeout: 15_000 });
  await page.getByRole('button', { name: 'Try again' }).first().click();
  await page.getByRole('heading', { name: 'My reviews' }).waitFor({ timeout: 15_000 });
  await settled(page);
}
