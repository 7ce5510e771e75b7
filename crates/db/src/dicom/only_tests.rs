//! A search by one key alone finds what the search by all keys finds, along an index and with a plan that is kept.

use std::sync::Arc;

use domain::{Role, SystemClock};
use sqlx::{Connection, PgConnection, Row};
use testkit::TestDatabase;
use uuid::Uuid;

use super::*;
use crate::{Actor, Database, DatabaseOptions, Origin};

const PATIENT: u128 = 1;
const OTHER_PATIENT: u128 = 2;
const RADIOLOGIST: u128 = 11;
const OTHER_RADIOLOGIST: u128 = 12;
const DOCTOR: u128 = 21;

/// Seven studies of one number, two of them from one day and one of no day, one in two reports and one with two images;
/// all with one accession number but the last. Each second is another radiologist's, and each third is not released. The
/// number of another patient looks like a pattern.
async fn studies_of_two(test: &TestDatabase) {
    let mut owner = test.superuser().await;
    for (id, role) in [
        (PATIENT, "patient"),
        (OTHER_PATIENT, "patient"),
        (RADIOLOGIST, "radiologist"),
        (OTHER_RADIOLOGIST, "radiologist"),
        (DOCTOR, "doctor"),
    ] {
        sqlx::query("INSERT INTO users (id, email, role, name) VALUES ($1, $2, $3, 'N')")
            .bind(Uuid::from_u128(id))
            .bind(format!("u{id}@example.com"))
            .bind(role)
            .execute(&mut owner)
            .await
            .unwrap();
    }
    for at in 0..7_u128 {
        let day = [
            "20260105", "20260104", "20260104", "", "20260102", "20260101", "20260106",
        ][usize::try_from(at).unwrap()];
        let accession = if at == 6 { "A_1" } else { "A-1" };
        let film = Film {
            report: 100 + at,
            image: 200 + at,
            study: &format!("1.2.{at}"),
            number: "N-1",
            accession,
            day,
        };
        film.put(&mut owner, PATIENT, at % 3 != 2, at % 2 == 1)
            .await;
    }
    // A later report of a study that is there, and a second image of another.
    let later = Film {
        report: 150,
        image: 250,
        study: "1.2.0",
        number: "N-1",
        accession: "A-1",
        day: "20260109",
    };
    later.put(&mut owner, PATIENT, true, false).await;
    let second = Film {
        report: 101,
        image: 251,
        study: "1.2.1",
        ..later
    };
    second.put_image(&mut owner, "CT").await;
    let another = Film {
        report: 160,
        image: 260,
        study: "1.2.60",
        number: "N_1",
        accession: "A%1\\",
        day: "20260103",
    };
    another.put(&mut owner, OTHER_PATIENT, true, false).await;
}

struct Film<'a> {
    report: u128,
    image: u128,
    study: &'a str,
    number: &'a str,
    accession: &'a str,
    day: &'a str,
}

impl Film<'_> {
    async fn put(&self, owner: &mut PgConnection, patient: u128, released: bool, other: bool) {
        let radiologist = if other {
            OTHER_RADIOLOGIST
        } else {
            RADIOLOGIST
        };
        sqlx::query(
            "INSERT INTO medical_reports (report_id, patient_id, radiologist_id, patient_name) VALUES ($1, $2, $3, 'P')",
        )
        .bind(Uuid::from_u128(self.report))
        .bind(Uuid::from_u128(patient))
        .bind(Uuid::from_u128(radiologist))
        .execute(&mut *owner)
        .await
        .unwrap();
        self.put_image(owner, "DX").await;
        if !released {
            return;
        }
        let review = Uuid::from_u128(self.report + 1000);
        sqlx::query(
            "INSERT INTO doctor_reviews (review_id, report_id, doctor_id) VALUES ($1, $2, $3)",
        )
        .bind(review)
        .bind(Uuid::from_u128(self.report))
        .bind(Uuid::from_u128(DOCTOR))
        .execute(&mut *owner)
        .await
        .unwrap();
        sqlx::query(
            "INSERT INTO portal.report_releases (report_id, patient_id, review_id, release_at, released_at)
             VALUES ($1, $2, $3, now(), now())",
        )
        .bind(Uuid::from_u128(self.report))
        .bind(Uuid::from_u128(patient))
        .bind(review)
        .execute(owner)
        .await
        .unwrap();
    }

    async fn put_image(&self, owner: &mut PgConnection, modality: &str) {
        let header = serde_json::json!({
            "00080020": { "vr": "DA", "Value": [self.day] },
            "00080050": { "vr": "SH", "Value": [self.accession] },
            "00100020": { "vr": "LO", "Value": [self.number] },
        });
        sqlx::query(
            "INSERT INTO report_images (image_id, report_id, image_url, image_type, image_format, file_size, dicom_metadata)
             VALUES ($1, $2, 'x', 'xray', 'DICOM', 1, $3)",
        )
        .bind(Uuid::from_u128(self.image))
        .bind(Uuid::from_u128(self.report))
        .bind(header)
        .execute(&mut *owner)
        .await
        .unwrap();
        sqlx::query(
            "INSERT INTO portal.dicom_instances (image_id, study_uid, series_uid, sop_instance_uid, modality)
             VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(Uuid::from_u128(self.image))
        .bind(self.study)
        .bind(format!("{}.{modality}", self.study))
        .bind(format!("{}.{}", self.study, self.image))
        .bind(modality)
        .execute(owner)
        .await
        .unwrap();
    }
}

async fn connected(test: &TestDatabase) -> Database {
    let mut options = DatabaseOptions::new(test.login().url);
    options.maximum_connections = 1;
    Database::connect(&options, Arc::new(SystemClock))
        .await
        .unwrap()
}

fn asker(id: u128, role: Role) -> Actor {
    Actor::user(Uuid::from_u128(id).into(), role, Origin::default())
}

fn keys(tag: &str, value: &str) -> Keys {
    let mut keys = Keys::default();
    keys.set(tag, value).unwrap();
    keys
}

const STUDY: &str = "0020000D";
const ACCESSION: &str = "00080050";
const PATIENT_ID: &str = "00100020";

const ALL: Part = Part {
    limit: 100,
    offset: 0,
    header: false,
};

#[tokio::test]
async fn a_key_alone_finds_what_the_search_by_all_keys_finds() {
    let test = TestDatabase::migrated().await;
    studies_of_two(&test).await;
    let database = connected(&test).await;
    let mut found_of = Vec::new();
    for actor in [
        asker(DOCTOR, Role::Doctor),
        asker(RADIOLOGIST, Role::Radiologist),
        asker(OTHER_RADIOLOGIST, Role::Radiologist),
        asker(PATIENT, Role::Patient),
        asker(OTHER_PATIENT, Role::Patient),
    ] {
        for (tag, value) in [
            (STUDY, "1.2.0"),
            (STUDY, "1.2.1"),
            (STUDY, "1.2.2"),
            (STUDY, "1.2.60"),
            (STUDY, "1.2.99"),
            (ACCESSION, "A-1"),
            (ACCESSION, "A_1"),
            (ACCESSION, "A%1\\"),
            (ACCESSION, "a-1"),
            (PATIENT_ID, "N-1"),
            (PATIENT_ID, "N_1"),
            (PATIENT_ID, "N"),
        ] {
            // Of texts `_` stands for itself and nothing else, so that N_1 does not find N-1.
            let keys = keys(tag, value);
            assert!(keys.only().is_some(), "{tag} {value}");
            for (limit, offset, header) in [
                (100, 0, false),
                (100, 0, true),
                (2, 0, false),
                (2, 1, true),
                (3, 2, false),
                (100, 6, false),
                (100, 9, false),
            ] {
                let part = Part {
                    limit,
                    offset,
                    header,
                };
                let mut tx = database.begin(&actor).await.unwrap();
                let kept = studies(&mut tx, &keys, part).await.unwrap();
                let any = studies_by_any(&mut tx, &keys, part).await.unwrap();
                let what = format!("{:?} {tag} {value} {part:?}", actor.user_id());
                assert_eq!(format!("{kept:?}"), format!("{any:?}"), "{what}");
                assert!(
                    kept.iter().all(|one| one.header.is_some() == header),
                    "{what}"
                );
                if part == ALL {
                    found_of.push(kept.len());
                }
            }
        }
    }
    // Of each asker: five UIDs, four accession numbers, three numbers of patients.
    let expected = [
        [1, 1, 1, 1, 0, 6, 1, 1, 0, 7, 1, 0],
        [1, 0, 1, 1, 0, 3, 1, 1, 0, 4, 1, 0],
        [0, 1, 0, 0, 0, 3, 0, 0, 0, 3, 0, 0],
        [1, 1, 0, 0, 0, 4, 1, 0, 0, 5, 0, 0],
        [0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 1, 0],
    ];
    assert_eq!(found_of, expected.concat());
}

#[test]
fn a_key_is_alone_only_without_wildcards_and_other_keys() {
    for (tag, value) in [
        (ACCESSION, "A*"),
        (ACCESSION, "A?1"),
        (PATIENT_ID, "N-1*"),
        (STUDY, "1.2.1,1.2.2"),
        ("00200010", "1"),
        ("00080060", "DX"),
    ] {
        assert_eq!(keys(tag, value).only(), None, "{tag} {value}");
    }
    assert_eq!(Keys::default().only(), None);
    for (tag, value) in [
        (ACCESSION, "A-1"),
        (STUDY, "1.2.1"),
        ("00080020", "20260101-"),
        ("00100021", "ISSUER"),
        ("0020000E", "1.2.3"),
        ("00200013", "1"),
    ] {
        let mut keys = keys(PATIENT_ID, "N-1");
        assert!(keys.only().is_some());
        keys.set(tag, value).unwrap();
        assert_eq!(keys.only(), None, "{tag}");
    }
    let none = Keys {
        study_uids: Some(Vec::new()),
        ..Keys::default()
    };
    assert_eq!(none.only(), None);
    let mut any = keys(PATIENT_ID, "50%_\\");
    any.set(ACCESSION, "*").unwrap();
    assert_eq!(any.only(), Some(Only::Patient("50%_\\".to_owned())));
}

#[tokio::test]
async fn the_kept_plan_of_a_key_alone_goes_along_its_index() {
    let test = TestDatabase::migrated().await;
    studies_of_two(&test).await;
    let mut owner = test.superuser().await;
    // Enough that nobody would read all of them, half of them one patient's: what is kept must not be for such a one.
    for sql in [
        "INSERT INTO medical_reports (report_id, patient_id, patient_name)
         SELECT ('00000000-0000-0000-0001-' || lpad(n::text, 12, '0'))::uuid, '00000000-0000-0000-0000-000000000001', 'P'
         FROM generate_series(1, 4000) n",
        "INSERT INTO portal.dicom_studies (report_id, study_uid, accession_number, patient_number)
         SELECT ('00000000-0000-0000-0001-' || lpad(n::text, 12, '0'))::uuid, '1.3.' || n, 'B-' || n,
                'M-' || CASE WHEN n % 2 = 0 THEN 0 ELSE n END
         FROM generate_series(1, 4000) n",
        "ANALYZE",
    ] {
        sqlx::query(sql).execute(&mut owner).await.unwrap();
    }
    let database = connected(&test).await;
    for (tag, index) in [
        (STUDY, "idx_dicom_studies_study_uid"),
        (ACCESSION, "idx_dicom_studies_accession_number"),
        (PATIENT_ID, "idx_dicom_studies_patient_number"),
    ] {
        let keys = keys(tag, "1.2.1");
        for (actor, planning) in [
            (asker(DOCTOR, Role::Doctor), planning(&keys)),
            (asker(RADIOLOGIST, Role::Radiologist), Planning::Usual),
            (asker(PATIENT, Role::Patient), Planning::WithValues),
        ] {
            let mut tx = database.begin_planning(&actor, planning).await.unwrap();
            tx.connection().clear_cached_statements().await.unwrap();
            for _ in 0..3 {
                studies(&mut tx, &keys, ALL).await.unwrap();
            }
            let prepared = sqlx::query(
                "SELECT name, generic_plans, custom_plans FROM pg_prepared_statements
                 WHERE statement LIKE $1",
            )
            .bind("%portal.dicom_studies s%")
            .fetch_all(tx.connection())
            .await
            .unwrap();
            assert_eq!(prepared.len(), 1, "{tag}");
            let plans: (i64, i64) = (prepared[0].get(1), prepared[0].get(2));
            assert_eq!(plans, (3, 0), "{tag} {:?}", actor.kind);
            let name: String = prepared[0].get(0);
            let explain = format!("EXPLAIN EXECUTE {name} (100, 0, false, '1.2.1')");
            let plan: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(explain))
                .fetch_all(tx.connection())
                .await
                .unwrap();
            let plan = plan.join("\n");
            assert!(
                plan.contains(&format!("{index} on dicom_studies s"))
                    || plan.contains(&format!("on {index} ")),
                "{plan}"
            );
            assert!(plan.contains(" = $4"), "{plan}");
            assert!(!plan.contains("Seq Scan on dicom_studies"), "{plan}");
        }
    }
}
