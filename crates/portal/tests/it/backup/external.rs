//! A portal on somebody else's server.

use std::{path::Path, process::Output};

use testkit::TestDatabase;

use super::{Clinic, refusal, tables_at};
use crate::support::stdout;

fn with_database(clinic: &Clinic, url: &str, admin: Option<&str>, arguments: &[&str]) -> Output {
    let mut command = clinic.portal(arguments);
    command.env("DATABASE_URL", url);
    if let Some(admin) = admin {
        command.env("DATABASE_ADMIN_URL", admin);
    }
    command.output().unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn an_external_database_is_backed_up_and_restored_beside_what_is_there() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let clinic = Clinic::without_portal();
    let (source, target) =
        runtime.block_on(async { (TestDatabase::migrated().await, TestDatabase::empty().await) });
    let url = |name: &str| testkit::cluster().url("postgres", name);
    let (data, store, new) = (clinic.data(), clinic.path("store"), clinic.path("new"));
    let (from, to) = (url(source.name()), url(target.name()));
    stdout(&with_database(
        &clinic,
        &from,
        None,
        &["db", "seed", "--data-dir", text(&data)],
    ));
    let create = [
        "backup",
        "create",
        "--to",
        text(&store),
        "--data-dir",
        text(&data),
        "--json",
    ];

    // A role that row security applies to must not make a backup that lacks rows.
    runtime.block_on(async {
        use sqlx::Executor;
        let mut connection = source.superuser().await;
        connection
            .execute(
                "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'weak_admin') THEN
                 CREATE ROLE weak_admin LOGIN IN ROLE portal_owner; END IF; END $$",
            )
            .await
            .unwrap();
    });
    let weak = testkit::cluster().url("weak_admin", source.name());
    let said = refusal(&with_database(&clinic, &from, Some(&weak), &create));
    assert!(
        said.contains("weak_admin cannot read every row") && said.contains("BYPASSRLS"),
        "{said}"
    );

    let made: serde_json::Value =
        serde_json::from_str(&stdout(&with_database(&clinic, &from, None, &create))).unwrap();
    let id = made["id"].as_str().unwrap();
    let restore = [
        "backup",
        "restore",
        id,
        "--from",
        text(&store),
        "--data-dir",
        text(&new),
    ];
    stdout(&with_database(&clinic, &to, None, &restore));
    let (before, after) = (tables_at(&from), tables_at(&to));
    for table in [
        "public.medical_reports",
        "public.users",
        "public.doctor_reviews",
    ] {
        assert_eq!(after[table], before[table], "{table}");
    }
    assert!(after["public.users"].0 > 0);

    let other = clinic.path("other");
    let again = [
        "backup",
        "restore",
        id,
        "--from",
        text(&store),
        "--data-dir",
        text(&other),
    ];
    let said = refusal(&with_database(&clinic, &to, None, &again));
    assert!(
        said.contains("DATABASE_URL names is not empty") && said.contains("--overwrite"),
        "{said}"
    );
    let said = stdout(&with_database(
        &clinic,
        &to,
        None,
        &[&again[..], &["--overwrite"]].concat(),
    ));
    let aside = said
        .split("is now called ")
        .nth(1)
        .unwrap()
        .trim()
        .trim_end_matches('.');
    assert_eq!(
        tables_at(&url(aside))["public.users"],
        before["public.users"]
    );
    assert_eq!(tables_at(&to)["public.users"], before["public.users"]);
}
