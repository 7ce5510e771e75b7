//! What a request costs in the database does not grow with the cases of the years before.

use std::collections::BTreeMap;

use pg_embed::Cluster;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row};

use crate::{
    serve::Signed,
    support::{Serving, data_folder, run, stdout},
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

    /// Everybody looks at what there is to look at, and a film is sent in and assessed.
    fn use_it(&mut self) {
        self.films += 1;
        let radiologist = &self.people["radiologist"];
        let film = testkit::chest_film(7_000 + self.films, 80);
        let taken = radiologist.upload(film, &self.patient).unwrap();
        let report = taken["reports"][0]["report_id"].as_str().unwrap();
        self.people["doctor"].wait_for_status(report, "analyzed");
        let film = testkit::dicom_film(self.films, "N-1");
        let part = b"--edge-7c1f\r\nContent-Type: application/dicom\r\n\r\n";
        let stored = radiologist
            .http
            .post(format!("{}/dicomweb/studies", radiologist.base))
            .bearer_auth(&self.machine)
            .header(
                "Content-Type",
                "multipart/related; type=\"application/dicom\"; boundary=edge-7c1f",
            )
            .body([&part[..], &film, b"\r\n--edge-7c1f--\r\n"].concat())
            .send()
            .unwrap();
        assert!(stored.status().is_success(), "{}", stored.text().unwrap());
        for (role, person) in &self.people {
            let listed = person.get("/api/reports?status=reviewed&limit=25");
            let mut paths = vec![
                "/api/auth/me".to_owned(),
                "/api/auth/sessions".to_owned(),
                "/api/corrections".to_owned(),
                "/api/notifications".to_owned(),
                "/api/patients".to_owned(),
                "/api/patients?search=nobody".to_owned(),
                "/api/patients/unknown".to_owned(),
                "/api/privacy".to_owned(),
                "/api/program-tokens".to_owned(),
                "/api/reports".to_owned(),
                "/api/reviews".to_owned(),
                "/api/reviews/queue".to_owned(),
                "/api/users".to_owned(),
                "/api/audit".to_owned(),
                "/dicomweb/studies?limit=25".to_owned(),
                "/fhir/DiagnosticReport?_count=10".to_owned(),
                format!("/fhir/Patient/{}", self.patient),
                format!("/api/patients/{}", self.patient),
                format!("/api/patients/{}/consents", self.patient),
                format!("/api/patients/{}/history", self.patient),
            ];
            // Of the demo's own patient, who has as few as before.
            let of_patient = listed["items"].as_array().and_then(|items| {
                let mut own = items
                    .iter()
                    .filter(|item| item["patient_id"] == self.patient.as_str());
                own.next().cloned()
            });
            if let Some(report) = of_patient
                .as_ref()
                .and_then(|item| item["report_id"].as_str())
            {
                let detail = person.get(&format!("/api/reports/{report}"));
                let image = detail["images"][0]["image_id"].as_str().unwrap();
                let analysis = &detail["analysis"]["analysis_id"];
                paths.push(format!("/api/reports/{report}/images/{image}"));
                paths.push(format!("/api/reports/{report}/images/{image}/thumbnail"));
                if let Some(analysis) = analysis.as_str() {
                    paths.push(format!("/api/ai/analysis/{analysis}"));
                }
            } else {
                assert_eq!(
                    *role, "tech",
                    "{role} sees no case of the patient: {listed}"
                );
            }
            for path in paths {
                let address = format!("{}{path}", person.base);
                let request = person.http.get(address).bearer_auth(&person.token);
                // Also what is refused costs something.
                assert!(request.send().unwrap().status().as_u16() < 500, "{path}");
            }
        }
    }

    fn sql(&self, sql: &str) {
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let mut connection = PgConnection::connect(&self.url).await.unwrap();
            let sql = AssertSqlSafe(sql.to_owned());
            connection.execute(sql).await.unwrap();
        });
    }

    /// Whether PostgreSQL counts what statements cost: the library is an extra package on some systems.
    fn counts(&self) -> bool {
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let mut connection = PgConnection::connect(&self.url).await.unwrap();
            let libraries: String = sqlx::query_scalar("SHOW shared_preload_libraries")
                .fetch_one(&mut connection)
                .await
                .unwrap();
            libraries.contains("pg_stat_statements")
        })
    }

    /// What each statement costs, by role and by the number that PostgreSQL gives it, once the plans are made. Its text may
    /// be kept with its constants or without.
    fn costs(&mut self) -> BTreeMap<(String, i64), Cost> {
        self.use_it();
        self.use_it();
        self.sql("SELECT pg_stat_statements_reset()");
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
    if !portal.counts() {
        eprintln!("skipped: pg_stat_statements is not installed");
        return;
    }
    portal.sql("CREATE EXTENSION pg_stat_statements");
    let before = portal.costs();
    portal.sql(include_str!("years.sql"));
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
