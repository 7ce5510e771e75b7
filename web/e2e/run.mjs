// Runs every journey against the portal at PORTAL_URL; names may be given to run some of them.
import { faults, launch } from './browser.mjs';

const journeys = ['visitor', 'radiologist', 'line', 'doctor', 'priors', 'impression', 'session', 'identity', 'patient', 'tech', 'signin', 'passkeys', 'sso', 'crosssite', 'models', 'emergency', 'privacy', 'pages'];
const wanted = process.argv.slice(2);
const browser = await launch();
let failed = 0;
for (const name of journeys.filter((each) => wanted.length === 0 || wanted.includes(each))) {
  const { default: journey } = await import(`./${name}.mjs`);
  const begin = Date.now();
  faults.length = 0;
  try {
    await journey(browser);
  } catch (error) {
    faults.push(String(error.stack ?? error));
  }
  const seconds = ((Date.now() - begin) / 1000).toFixed(1);
  console.log(`${faults.length === 0 ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)`);
  for (const fault of faults) console.log(`     ${fault}`);
  failed += faults.length > 0 ? 1 : 0;
  for (const context of browser.contexts()) await context.close();
}
await browser.close();
process.exit(failed > 0 ? 1 : 0);
