import { createServer } from 'node:http';
import { ask, check, open, signIn } from './browser.mjs';

/** A page of somebody else's site, opened by a technician who is signed in: whatever it tries, nothing changes. */
export default async function crossSite(browser) {
  const page = await open(browser, { expected: ['401', '403', 'Failed to load', 'CORS', 'Cross-Origin', 'ERR_FAILED', 'ERR_BLOCKED', 'frame-ancestors', 'violates', 'Refused to'] });
  await signIn(page, 'tech@example.com');
  await page.waitForURL('**/system');
  const portal = new URL(page.url()).origin;
  const before = await state(page);

  const attacks = `<!doctype html><title>Kittens</title>
<form id=upload method=post enctype=multipart/form-data action="${portal}/api/reports/upload" target=one><input name=patient_id value=x></form>
<form id=json method=post enctype=text/plain action="${portal}/api/users" target=two>
<input name='{"email":"evil@example.org","name":"Evil","role":"tech","password":"four words make sense","x":"' value='"}'></form>
<iframe name=one></iframe><iframe name=two></iframe><iframe id=frame src="${portal}/settings"></iframe>
<script>
window.tried = (async () => {
  document.getElementById('upload').submit();
  document.getElementById('json').submit();
  const results = [];
  const attempts = [
    ['/api/auth/logout', { method: 'POST' }],
    ['/api/users', { method: 'POST', headers: { 'Content-Type': 'text/plain' }, body: '{"email":"evil2@example.org","name":"Evil","role":"tech","password":"four words make sense"}' }],
    ['/api/users', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"email":"evil3@example.org","name":"Evil","role":"tech","password":"four words make sense"}' }],
    ['/api/settings/queue.claim_minutes', { method: 'PUT', headers: { 'Content-Type': 'application/json' }, body: '{"value":1}' }],
    ['/api/users', {}],
  ];
  for (const [path, how] of attempts) {
    for (const mode of ['cors', 'no-cors']) {
      try {
        const answer = await fetch('${portal}' + path, { ...how, mode, credentials: 'include' });
        results.push(answer.type === 'opaque' ? 'opaque' : await answer.text());
      } catch { results.push('refused'); }
    }
  }
  return results;
})();
</script>`;
  // Another site is kept from the cookie by its SameSite; another port of the same site gets it sent along, and
  // it is the portal that refuses. A browser takes localhost and 127.0.0.1 for two sites.
  for (const host of ['localhost', '127.0.0.1']) await visit(page, portal, host, attacks);
  check((await state(page)) === before, 'another site has changed something');
}

/** Opens a page with the attacks on it, as the technician would by a link in a mail. */
async function visit(page, portal, host, attacks) {
  const other = createServer((_, answer) => answer.writeHead(200, { 'Content-Type': 'text/html' }).end(attacks));
  await new Promise((resolve) => other.listen(0, host, resolve));
  try {
    const evil = await page.context().newPage();
    await evil.goto(`http://${host}:${other.address().port}/`);
    const results = await evil.evaluate(() => window.tried);
    await evil.waitForTimeout(500);
    check(
      results.length === 10 && results.every((result) => result === 'refused' || result === 'opaque'),
      `a page at ${host} read an answer: ${results}`,
    );
    const framed = evil.frames().find((frame) => frame.url().startsWith(portal) && frame.url().endsWith('/settings'));
    const text = framed ? await framed.evaluate(() => document.body?.innerText ?? '').catch(() => '') : '';
    check(text.trim() === '', `the portal shows itself within a page at ${host}: ${text.slice(0, 80)}`);
    await evil.close();
  } finally {
    other.close();
  }
}

/** What the attempts would have changed: accounts, a setting, and being signed in. */
async function state(page) {
  const me = await ask(page, '/api/auth/me');
  const users = await ask(page, '/api/users?limit=200');
  const settings = await ask(page, '/api/settings');
  const claim = settings.body.items.find((item) => (item.setting_key ?? item.key) === 'queue.claim_minutes');
  return JSON.stringify([me.status, users.status, users.body.items.map((user) => user.email).sort(), claim]);
}
