// OHIF's built viewer (@ohif/app) beside a portal with the demo's data, in Chromium: the list shows the demo's studies, one
// of them is opened, and what the viewer draws is compared with the portal's own rendering. Viewer and DICOMweb have one
// origin, since the portal answers no other site's pages (no CORS); the proxy adds the token, so that no page holds it.
import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { createRequire } from 'node:module';
import { extname, join, normalize } from 'node:path';

const { chromium } = createRequire(new URL('../../web/package.json', import.meta.url))('playwright-core');
const portal = new URL(process.env.PORTAL_URL);
const [viewer, pictures] = [process.env.PEERS_OHIF, process.env.PEERS_PICTURES];
// As web/e2e/browser.mjs starts it.
const chromiumArguments = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--enable-unsafe-swiftshader',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
// Where the viewer draws; thumbnails have canvases of their own.
const canvas = '#viewerLayoutResizableViewportGridPanel canvas.cornerstone-canvas';
const faults = [];
const asked = new Map();

function say(text) {
  console.log(text);
}

function check(holds, what) {
  if (holds) return;
  faults.push(what);
  say(`  FAULT: ${what}`);
}

// What a hospital puts there, without the dialogue that stands before the first film.
const settings = readFileSync(new URL('../../ops/viewer/app-config.js', import.meta.url), 'utf8')
  .replace("option: 'always'", "option: 'never'");

const kinds = {
  '.css': 'text/css',
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.mjs': 'text/javascript',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.woff2': 'font/woff2',
};

/** Hands a request to the portal, with the token, and notes what was asked and answered. */
function pass(incoming, outgoing) {
  const headers = { ...incoming.headers, authorization: `Bearer ${process.env.PORTAL_READER}` };
  const { hostname, port } = portal;
  const onward = request({ hostname, port, path: incoming.url, method: incoming.method, headers }, (answer) => {
    const kind = new URL(incoming.url, portal).pathname.replace(/\/\d[\d.]+/g, '/{uid}');
    const line = `${incoming.method} ${kind}: ${answer.statusCode} ${(answer.headers['content-type'] ?? '').split(';')[0]}`;
    asked.set(line, (asked.get(line) ?? 0) + 1);
    if (answer.statusCode >= 400) faults.push(line);
    outgoing.writeHead(answer.statusCode, answer.headers);
    answer.pipe(outgoing);
  });
  onward.on('error', (error) => outgoing.destroy(error));
  incoming.pipe(onward);
}

function serve(incoming, outgoing) {
  const { pathname } = new URL(incoming.url, portal);
  if (pathname === '/dicomweb' || pathname.startsWith('/dicomweb/')) return pass(incoming, outgoing);
  if (pathname === '/app-config.js') {
    outgoing.writeHead(200, { 'content-type': 'text/javascript' });
    return outgoing.end(settings);
  }
  // Normalised from the root, so that it leads nowhere else; whatever is no file is a page of the viewer's.
  let file = join(viewer, normalize(join('/', decodeURIComponent(pathname))));
  if (!existsSync(file) || statSync(file).isDirectory()) file = join(viewer, 'index.html');
  outgoing.writeHead(200, { 'content-type': kinds[extname(file)] ?? 'application/octet-stream' });
  return createReadStream(file).pipe(outgoing);
}

async function open(browser, site) {
  const page = await (await browser.newContext({ viewport: { width: 1400, height: 900 } })).newPage();
  page.on('pageerror', (error) => check(false, `an error in the viewer: ${String(error).slice(0, 200)}`));
  page.on('console', (message) => {
    if (message.type() === 'error') check(false, `the viewer's console: ${message.text().slice(0, 200)}`);
  });
  page.on('request', (each) => {
    const known = [site, 'blob:', 'data:'].some((start) => each.url().startsWith(start));
    check(known, `a request elsewhere: ${each.url()}`);
  });
  return page;
}

/** The studies of the portal, as its own answer says. */
async function studies(page) {
  return page.evaluate(async () => {
    const answer = await fetch('/dicomweb/studies', { headers: { accept: 'application/dicom+json' } });
    const first = (study, tag) => study[tag]?.Value?.[0];
    return (await answer.json()).map((study) => ({
      accession: first(study, '00080050'),
      number: first(study, '00100020'),
      study: first(study, '0020000D'),
    }));
  });
}

/**
 * What the viewer drew, beside the portal's rendering laid into the same place: how grey both are, how far apart, and how
 * much of the picture is not background.
 */
async function compare(page, study) {
  return page.evaluate(async ([study, drawing]) => {
    const ask = async (path) => {
      const answer = await fetch(`/dicomweb/studies/${study}${path}`, { headers: { accept: 'application/dicom+json' } });
      return answer.json();
    };
    const [instance] = await ask('/instances');
    const uid = (tag) => instance[tag].Value[0];
    const path = `/dicomweb/studies/${study}/series/${uid('0020000E')}/instances/${uid('00080018')}/rendered`;
    const picture = await createImageBitmap(await (await fetch(path, { headers: { accept: 'image/png' } })).blob());
    const drawn = document.querySelector(drawing);
    const { width, height } = drawn;
    const scale = Math.min(width / picture.width, height / picture.height);
    const [wide, high] = [Math.floor(picture.width * scale), Math.floor(picture.height * scale)];
    const [left, top] = [Math.round((width - wide) / 2), Math.round((height - high) / 2)];
    const laid = Object.assign(document.createElement('canvas'), { width, height }).getContext('2d');
    laid.imageSmoothingQuality = 'high';
    laid.drawImage(picture, left, top, wide, high);
    const greys = (context) => {
      const { data } = context.getImageData(left, top, wide, high);
      return Float64Array.from({ length: wide * high }, (_, at) => data[4 * at]);
    };
    const [theirs, ours] = [greys(drawn.getContext('2d')), greys(laid)];
    const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const [a, b] = [mean(theirs), mean(ours)];
    const product = (one, m, other, n) => one.reduce((sum, value, at) => sum + (value - m) * (other[at] - n), 0);
    return {
      size: `${width} x ${height}`,
      theirs: a,
      ours: b,
      apart: mean(theirs.map((value, at) => Math.abs(value - ours[at]))),
      correlation: product(theirs, a, ours, b) / Math.sqrt(product(theirs, a, theirs, a) * product(ours, b, ours, b)),
    };
  }, [study, canvas]);
}

async function list(page, site) {
  say('\nThe list of studies');
  await page.goto(`${site}/`);
  await page.getByText('DEMO-09').first().waitFor({ timeout: 60_000 });
  const there = await studies(page);
  const seen = await page.locator('body').innerText();
  const shown = there.filter(({ accession }) => accession && seen.includes(accession));
  say(`  ${shown.length} of the portal's ${there.length} studies are on the first page of the list`);
  check(shown.length >= Math.min(there.length, 10), 'studies are missing in the list');
  await page.screenshot({ path: join(pictures, 'ohif-list.png') });
  await page.locator('input').first().fill('Leo');
  await page.getByText('DEMO-09').waitFor({ state: 'hidden', timeout: 30_000 });
  say(`  "Leo" in the field of the patient: ${await page.getByText('Demo, Leo').count()} left`);
  await page.locator('input').first().fill('');
  return there;
}

/** Opens a study by a double click in the list, as people do, and ends the tour for those who are there for the first time. */
async function openInList(page, accession) {
  await page.getByText(accession).first().dblclick();
  await page.locator(canvas).waitFor({ timeout: 60_000 });
  await page.getByText('Skip all').click({ timeout: 20_000 });
}

async function film(page, { accession, study }, open) {
  say(`\nA study is opened: ${accession}`);
  await open();
  await page.locator(canvas).waitFor({ timeout: 60_000 });
  let look;
  for (let at = 0; at < 60 && !(look?.theirs > 10); at += 1) {
    await page.waitForTimeout(500);
    look = await compare(page, study);
  }
  await page.screenshot({ path: join(pictures, `ohif-${accession}.png`) });
  say(`  a canvas of ${look.size}: mean grey ${look.theirs.toFixed(1)}, the portal's own rendering ${look.ours.toFixed(1)}`);
  say(`  ${look.apart.toFixed(1)} grey levels apart on average, correlation ${look.correlation.toFixed(4)}`);
  check(look.theirs > 10, 'the viewer shows black');
  check(look.apart < 6 && look.correlation > 0.99, 'the viewer shows another picture than the portal');
}

async function elsewhere() {
  say('\nA page of another site asks the portal');
  const headers = { origin: 'https://viewer.example.org', 'access-control-request-method': 'GET' };
  const answer = await fetch(new URL('/dicomweb/studies', portal), { method: 'OPTIONS', headers });
  const allowed = answer.headers.get('access-control-allow-origin');
  say(`  OPTIONS /dicomweb/studies: ${answer.status}, ${allowed ? `allowed for ${allowed}` : 'nothing is allowed: no CORS'}`);
  check(!allowed, 'the portal answers pages of other sites: docs/PEERS.md says that it does not');
}

const server = createServer(serve);
await new Promise((done) => server.listen(0, '127.0.0.1', done));
const site = `http://127.0.0.1:${server.address().port}`;
const browser = await chromium.launch({
  executablePath: process.env.PEERS_CHROMIUM,
  args: chromiumArguments,
});
try {
  say(`OHIF ${process.env.PEERS_OHIF_VERSION} in Chromium ${browser.version()}`);
  await elsewhere();
  const page = await open(browser, site);
  const there = await list(page, site);
  // Films of the demo's, and those that dcmtk and pynetdicom have sent before, compressed and in MONOCHROME1.
  const wanted = there.filter(({ accession }) => ['DEMO-09', 'DEMO-01'].includes(accession) || accession?.startsWith('PEERS-'));
  check(wanted.length >= 2, 'the demo is not there');
  for (const [at, each] of wanted.entries()) {
    const address = `${site}/viewer?StudyInstanceUIDs=${each.study}`;
    await film(page, each, () => (at === 0 ? openInList(page, each.accession) : page.goto(address)));
  }
  say('\nWhat it asked the portal');
  for (const [line, times] of [...asked].sort()) say(`  ${line} (${times})`);
} catch (error) {
  check(false, String(error));
} finally {
  await browser.close();
  server.close();
}
say(faults.length ? `OHIF: ${faults.join('; ')}` : 'OHIF: everything held');
process.exitCode = faults.length ? 1 : 0;
