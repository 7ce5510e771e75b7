//! A rolling upgrade: two versions of the portal on one database. This program plays the older one: the
//! database is one migration ahead of it, as the newer version's start leaves it.

use testkit::chest_film;

use crate::{
    backup::running,
    serve::Signed,
    support::{Serving, data_folder, execute, portal},
};

const AHEAD: &str = "
    CREATE TABLE portal.of_the_future (id bigint PRIMARY KEY);
    ALTER TABLE public.medical_reports ADD COLUMN of_the_future text;
    INSERT INTO portal.schema_migrations (version, description, success, checksum, execution_time)
    VALUES (9999, 'of the future', true, '\\x00', 0)";

fn film_is_read(by: &Signed, patient: &str, seed: u32, seen_by: &Signed) {
    let receipt = by
        .upload(chest_film(seed, 64), patient)
        .expect("it is taken in");
    let report = receipt["reports"][0]["report_id"].as_str().unwrap();
    seen_by.wait_for_status(report, "analyzed");
}

#[test]
fn the_version_before_works_beside_the_new_one_and_starts_again_on_its_schema() {
    let data = data_folder();
    let mut first = Serving::start(data.path(), &["--demo"]);
    first.wait_for("The demo is filled");
    let address = running(data.path());
    let sql = |statement| execute(&address.url("postgres", "portal"), statement);

    // The newer version starts and migrates while this one works on.
    sql(AHEAD);
    let second = Serving::start(data.path(), &["--demo"]);
    let sign_in = |serving: &Serving, role: &str| {
        Signed::sign_in(&serving.base, &format!("{role}@example.com"))
    };
    let old = sign_in(&first, "radiologist");
    let patient = sign_in(&second, "patient").user_id;
    film_is_read(&old, &patient, 101, &sign_in(&second, "doctor"));
    let new = sign_in(&second, "radiologist");
    film_is_read(&new, &patient, 102, &sign_in(&first, "doctor"));

    // One of them is restarted by itself: it still starts on the newer schema.
    drop(second);
    let third = Serving::start(data.path(), &["--demo"]);
    film_is_read(&old, &patient, 103, &sign_in(&third, "doctor"));
    drop(third);

    // Once the newer version has taken away what this one needs, it must not start any more.
    sql("INSERT INTO portal.schema_floor VALUES (9999, 'a test')");
    let refused = portal()
        .args([
            "serve",
            "--demo",
            "--listen",
            "127.0.0.1:0",
            "--data-dir",
            data.path().to_str().unwrap(),
        ])
        .output()
        .unwrap();
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("too old for this database"));
}
