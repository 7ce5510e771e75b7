//! What a request costs in the database does not grow with the cases of the years before.

use std::collections::BTreeMap;

use pg_embed::Cluster;
use sqlx::{Connection, PgConnection, Row};

use crate::{
    serve::Signed,
    support::{Serving, data_folder, execute, run, stdout, text},
};

/// Statements that read more the more there is, and why that is so. The second text is a part of the statement.
const MAY_GROW: &[(&str, &str)] = &[
    (
        "patients are looked for by a part of the name, so that all are compared",
        "u.name ILIKE",
    ),
    (
        "which studies are a sender's or a patient's own is found out first, for a list of any studies",
        "FROM (SELECT s.* FROM portal.dicom_studies s WHERE ($4::text[] IS NULL",
    ),
    (
        "the trail is written to a file as a whole",
        "FROM audit_logs WHERE created_at",
    ),
];

/// Pages of 8 KiB that a statement may read beyond twice those of before: the indexes are one level deeper, and lists that
/// had one row are as long as they get.
const MORE: i64 = 300;

/// What a statement costs.
struct Cost {
    text: String,
    /// Of a call, on average.
    pages: i64,
}

/// A portal that serves, as its people use it.
struct Used {
    serving: Serving,
    people: BTreeMap<&'static str, Signed>,
    patient: String,
    /// Of a machine that sends films of people whom nobody has registered.
    machine: String,
    films: u32,
    url: String,
}

impl Used {
    fn start(data: &std::path::Path) -> Self {
        let mut serving = Serving::start(data, &["--demo", "--requests-an-address", "1000000"]);
        serving.wait_for("The demo is filled");
        let people = ["patient", "radiologist", "doctor", "tech"].map(|role| {
            let email = format!("{role}@example.com");
            (role, Signed::sign_in(&serving.base, &email))
        });
        let people = BTreeMap::from(people);
        let cluster = Cluster::running(data).unwrap().expect("a portal serves");
        let folder = data.to_str().unwrap();
        let scope = ["--role", "radiologist", "--scope", "dicomweb.write"];
        let token = [
            &["token", "create", "--data-dir", folder, "--name", "CT"],
            &scope[..],
        ];
        Self {
            machine: stdout(&run(&token.concat())).trim().to_owned(),
            patient: people["patient"].user_id.clone(),
            serving,
            people,
            films: 0,
            url: cluster.url("postgres", "portal"),
        }
    }

    /// Films are sent in, and everybody looks at what there is to look at.
    fn use_it(&mut self) {
        self.films += 1;
        self.send_films();
        for (role, person) in &self.people {
            let of_case = self.case_of_patient(role, person);
            for path in [self.lists(), of_case].concat() {
                let address = format!("{}{path}", person.base);
                let request = person.http.get(address).bearer_auth(&person.token);
                // Also what is refused costs something.
                assert!(request.send().unwrap().status().as_u16() < 500, "{path}");
            }
        }
    }

    /// A person sends a film of the patient, which is assessed, and the machine one of somebody unknown.
    fn send_films(&self) {
        let radiologist = &self.people["radiologist"];
        let film = testkit::chest_film(7_000 + self.films, 80);
        let taken = radiologist.upload(film, &self.patient).unwrap();
        let report = taken["reports"][0]["report_id"].as_str().unwrap();
        self.people["doctor"].wait_for_status(report, "analyzed");
        let film = testkit::dicom_film(self.films, "N-1");
        let part = b"--edge-7c1f\r\nContent-Type: application/dicom\r\n\r\n";
        let related = "multipart/related; type=\"application/dicom\"; boundary=edge-7c1f";
        let stored = radiologist
            .http
            .post(format!("{}/dicomweb/studies", radiologist.base))
            .bearer_auth(&self.machine)
            .header("Content-Type", related)
            .body([&part[..], &film, b"\r\n--edge-7c1f--\r\n"].concat())
            .send()
            .unwrap();
        assert!(stored.status().is_success(), "{}", stored.text().unwrap());
    }

    /// What everybody looks at.
    fn lists(&self) -> Vec<String> {
        let patient = &self.patient;
        let lists = [
            "/api/auth/me",
            "/api/auth/sessions",
            "/api/corrections",
            "/api/notifications",
            "/api/patients",
            "/api/patients?search=nobody",
            "/api/patients/unknown",
            "/api/privacy",
            "/api/program-tokens",
            "/api/reports",
            "/api/reviews",
            "/api/reviews/queue",
            "/api/users",
            "/api/audit",
            "/dicomweb/studies?limit=25",
            "/fhir/DiagnosticReport?_count=10",
        ];
        let of_patient = [
            format!("/fhir/Patient/{patient}"),
            format!("/api/patients/{patient}"),
            format!("/api/patients/{patient}/consents"),
            format!("/api/patients/{patient}/history"),
        ];
        lists
            .map(str::to_owned)
            .into_iter()
            .chain(of_patient)
            .collect()
    }

    /// A case of the demo's own patient, who has as few as before, with its film and its assessment.
    fn case_of_patient(&self, role: &str, person: &Signed) -> Vec<String> {
        let listed = person.get("/api/reports?status=reviewed&limit=25");
        let of_patient = listed["items"].as_array().and_then(|items| {
            let mut own = items
                .iter()
                .filter(|item| item["patient_id"] == self.patient.as_str());
            own.next()?["report_id"].as_str()
        });
        let Some(report) = of_patient else {
            assert_eq!(role, "tech", "{role} sees no case of the patient: {listed}");
            return Vec::new();
        };
        let detail = person.get(&format!("/api/reports/{report}"));
        let image = detail["images"][0]["image_id"].as_str().unwrap();
        let analysis = detail["analysis"]["analysis_id"].as_str();
        let mut paths = vec![
            format!("/api/reports/{report}/images/{image}"),
            format!("/api/reports/{report}/images/{image}/thumbnail"),
        ];
        paths.extend(analysis.map(|analysis| format!("/api/ai/analysis/{analysis}")));
        paths
    }

    /// What each statement costs, by role and by the number that PostgreSQL gives it, once the plans are made. Its text may
    /// be kept with its constants or without.
    fn costs(&mut self) -> BTreeMap<(String, i64), Cost> {
        self.use_it();
        self.use_it();
        execute(&self.url, "SELECT pg_stat_statements_reset()");
        self.use_it();
        self.use_it();
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let mut connection = PgConnection::connect(&self.url).await.unwrap();
            let rows = sqlx::query(
                "SELECT userid::regrole::text, queryid, regexp_replace(query, '\\s+', ' ', 'g'),
                        ((shared_blks_hit + shared_blks_read) / calls)::bigint
                 FROM pg_stat_statements
                 WHERE calls > 0 AND userid::regrole::text LIKE 'portal_%'
                   AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())",
            )
            .fetch_all(&mut connection)
            .await
            .unwrap();
            rows.iter()
                .map(|row| {
                    let (text, pages) = (row.get(2), row.get(3));
                    ((row.get(0), row.get(1)), Cost { text, pages })
                })
                .collect()
        })
    }
}

#[test]
fn a_request_costs_the_same_after_twenty_thousand_cases() {
    let data = data_folder();
    let mut portal = Used::start(data.path());
    // An extra package on some systems.
    let libraries = text(&portal.url, "current_setting('shared_preload_libraries')");
    if !libraries.contains("pg_stat_statements") {
        eprintln!("skipped: pg_stat_statements is not installed");
        return;
    }
    execute(&portal.url, "CREATE EXTENSION pg_stat_statements");
    let before = portal.costs();
    execute(&portal.url, include_str!("years.sql"));
    let after = portal.costs();
    assert!(before.len() > 80 && after.len() > 80, "{}", after.len());
    let grown: Vec<String> = after
        .iter()
        .filter(|(_, cost)| !MAY_GROW.iter().any(|(_, part)| cost.text.contains(part)))
        .filter_map(|(statement, cost)| {
            let before = before.get(statement).map_or(0, |cost| cost.pages);
            let (role, Cost { text, pages }) = (&statement.0, cost);
            (*pages > 2 * before + MORE)
                .then(|| format!("{before} to {pages} pages as {role}: {text}"))
        })
        .collect();
    assert!(grown.is_empty(), "{}", grown.join("\n\n"));
    assert!(portal.serving.interrupt().success());
}
