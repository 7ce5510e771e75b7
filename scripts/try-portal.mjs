// Does with a running portal what a department does first: a radiologist registers a patient and sends
// a film in, and it is seen analysed.
//
//   PORTAL_PASSWORD=… node scripts/try-portal.mjs http://127.0.0.1:8080 rita@example.org FILM
import { readFile } from "node:fs/promises";
import { basename } from "node:path";

const [base, email, film] = process.argv.slice(2);
const password = process.env.PORTAL_PASSWORD;
if (!film || !password) {
    console.error("usage: PORTAL_PASSWORD=… node scripts/try-portal.mjs BASE EMAIL FILM");
    process.exit(2);
}

let token;
/** The answer's JSON; ends with the portal's own words where it is not the status that is expected. */
async function ask(method, path, expected, body) {
    const headers = token ? { authorization: `Bearer ${token}` } : {};
    if (body !== undefined && !(body instanceof FormData)) {
        headers["content-type"] = "application/json";
        body = JSON.stringify(body);
    }
    const answer = await fetch(base + path, { method, headers, body });
    const text = await answer.text();
    if (answer.status !== expected) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return JSON.parse(text);
}

token = (await ask("POST", "/api/auth/login", 200, { email, password })).token;
const patient = await ask("POST", "/api/patients", 201, {
    name: "Try Portal",
});
const form = new FormData();
form.append("patient_id", patient.patient_id);
form.append("files", new Blob([await readFile(film)]), basename(film));
const sent = await ask("POST", "/api/reports/upload", 201, form);
const report = sent.reports[0].report_id;

const until = Date.now() + 60_000;
for (;;) {
    const detail = await ask("GET", `/api/reports/${report}`, 200);
    if (detail.report.status === "analyzed") {
        console.log(`try-portal: a film was taken and analysed: ${detail.report.risk_score ?? "not assessed"}`);
        break;
    }
    if (Date.now() > until) throw new Error(`not analysed in time: ${JSON.stringify(detail.report)}`);
    await new Promise((done) => setTimeout(done, 200));
}
