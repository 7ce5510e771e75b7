//! What a request costs in the database does not grow with the cases of the years before.

use std::collections::BTreeMap;

use pg_embed::Cluster;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row};

use crate::{
    serve::Signed,
    support::{Serving, data_folder},
};

/// Statements that read more the more there is, and why that is so. The second text is a part of the statement.
const MAY_GROW: &[(&str, &str)] = &[
    (
        "names are looked for anywhere in them, so that all are compared",
        "ILIKE",
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

/// A portal that serves, as its people use it.
struct Used {
    serving: Serving,
    people: BTreeMap<&'static str, Signed>,
    patient: String,
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
        Self {
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

    /// Pages that a call of each statement reads, by role, once the plans are made.
    fn costs(&mut self) -> BTreeMap<(String, String), i64> {
        self.use_it();
        self.use_it();
        self.sql("SELECT pg_stat_statements_reset()");
        self.use_it();
        self.use_it();
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let mut connection = PgConnection::connect(&self.url).await.unwrap();
            let rows = sqlx::query(
                "SELECT userid::regrole::text, regexp_replace(query, '\\s+', ' ', 'g'),
                        ((shared_blks_hit + shared_blks_read) / calls)::bigint
                 FROM pg_stat_statements
                 WHERE calls > 0 AND userid::regrole::text LIKE 'portal_%'
                   AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())",
            )
            .fetch_all(&mut connection)
            .await
            .unwrap();
            rows.iter()
                .map(|row| ((row.get(0), row.get(1)), row.get(2)))
                .collect()
        })
    }
}

#[test]
fn a_request_costs_the_same_after_twenty_thousand_cases() {
    let data = data_folder();
    let mut portal = Used::start(data.path());
    portal.sql("CREATE EXTENSION pg_stat_statements");
    let before = portal.costs();
    portal.sql(include_str!("years.sql"));
    let after = portal.costs();
    assert!(before.len() > 80 && after.len() > 80, "{}", after.len());
    let grown: Vec<String> = after
        .iter()
        .filter(|((_, query), _)| !MAY_GROW.iter().any(|(_, part)| query.contains(part)))
        .filter_map(|((role, query), pages)| {
            let known = before.get(&(role.clone(), query.clone()));
            let before = known.copied().unwrap_or_default();
            (*pages > 2 * before + MORE)
                .then(|| format!("{before} to {pages} pages as {role}: {query}"))
        })
        .collect();
    assert!(grown.is_empty(), "{}", grown.join("\n\n"));
    assert!(portal.serving.interrupt().success());
}
