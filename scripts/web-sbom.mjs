// Writes what web/package-lock.json holds as CycloneDX: what is shipped is required, what only builds or tests excluded.
// (`npm sbom` leaves out what both need, and gives up where a version is overridden.)
import { readFileSync, writeFileSync } from 'node:fs';

const { packages: locked } = JSON.parse(readFileSync('web/package-lock.json', 'utf8'));
const nameOf = (path) => path.split('node_modules/').pop();
const shipped = new Set();

// What is shipped is what the interface depends on, and what that depends on: found where Node would find it.
function walk(from) {
  for (const name of Object.keys(locked[from].dependencies ?? {})) {
    let folder = from;
    const place = () => `${folder}/node_modules/${name}`.replace(/^\//, '');
    while (folder && !locked[place()]) folder = folder.replace(/(^|\/)node_modules\/(@[^/]+\/)?[^/]+$/, '');
    if (shipped.has(place())) continue;
    shipped.add(place());
    walk(place());
  }
}
walk('');

const purl = (name, version) => `pkg:npm/${name.replace('@', '%40')}@${version}`;
const components = Object.entries(locked)
  .filter(([path]) => path !== '')
  .map(([path, { version, license, integrity }]) => ({
    type: 'library',
    'bom-ref': path,
    name: nameOf(path),
    version,
    scope: shipped.has(path) ? 'required' : 'excluded',
    purl: purl(nameOf(path), version),
    ...(license && { licenses: [{ expression: license }] }),
    ...(integrity?.startsWith('sha512-') && {
      hashes: [{ alg: 'SHA-512', content: Buffer.from(integrity.slice(7), 'base64').toString('hex') }],
    }),
  }));
const { name, version } = locked[''];
const bom = {
  bomFormat: 'CycloneDX',
  specVersion: '1.5',
  version: 1,
  metadata: { component: { type: 'application', 'bom-ref': 'web', name, version } },
  components,
};
writeFileSync(process.argv[2], `${JSON.stringify(bom, null, 2)}\n`);
console.log(`make-sbom: ${shipped.size} npm packages are shipped, ${components.length - shipped.size} build and test`);
