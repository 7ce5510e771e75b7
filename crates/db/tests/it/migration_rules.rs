//! Migrations that a hospital can run at noon: no rewrite of a big table, no lock that holds everybody
//! up, nothing taken away that the version before still uses.

use std::path::PathBuf;

use db::{
    inspect::Inspector,
    migrations::{self, migrate_to},
};
use squawk_linter::{Linter, Rule};
use squawk_syntax::SourceFile;
use testkit::TestDatabase;

/// The last migration of the first release. It and those before it made an empty database, so the rules
/// do not apply to them.
const FIRST_RELEASE: i64 = 9;

/// What costs a long lock, a rewrite, or breaks the version before. A migration that must do one of
/// them all the same says `-- squawk-ignore NAME` with the reason above the statement.
const RULES: [Rule; 16] = [
    Rule::RequireConcurrentIndexCreation,
    Rule::RequireConcurrentIndexDeletion,
    Rule::ConstraintMissingNotValid,
    Rule::AddingForeignKeyConstraint,
    Rule::ChangingColumnType,
    Rule::AddingNotNullableField,
    Rule::AddingRequiredField,
    Rule::AddingFieldWithDefault,
    Rule::RenamingColumn,
    Rule::RenamingTable,
    Rule::DisallowedUniqueConstraint,
    Rule::BanDropDatabase,
    Rule::BanDropColumn,
    Rule::BanDropTable,
    Rule::BanDropNotNull,
    Rule::BanTruncateCascade,
];

fn faults(text: &str) -> Vec<String> {
    let mut linter = Linter::from(RULES);
    linter.settings.assume_in_transaction = true;
    let file = SourceFile::parse(text);
    let mut faults: Vec<String> = file.errors().iter().map(ToString::to_string).collect();
    faults.extend(
        linter
            .lint(&file, text)
            .into_iter()
            .map(|violation| format!("{}: {}", violation.code, violation.message)),
    );
    if text.to_lowercase().contains("concurrently") && !text.starts_with("-- no-transaction") {
        faults.push("CONCURRENTLY needs `-- no-transaction` as the first line".to_owned());
    }
    // Every migration waits at most 5 s for a lock; one that changes that could hold everybody up.
    for forbidden in ["lock_timeout", "vacuum full", "cluster ", "lock table"] {
        if text.to_lowercase().contains(forbidden) {
            faults.push(format!("a migration must not say {forbidden}"));
        }
    }
    faults
}

#[test]
fn no_migration_holds_the_hospital_up() {
    let folder = PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../database/migrations"
    ));
    let mut checked = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let number: i64 = name
            .split('_')
            .next()
            .unwrap()
            .parse()
            .expect("NNN_name.sql");
        if number > FIRST_RELEASE {
            checked += 1;
            let faults = faults(&std::fs::read_to_string(&path).unwrap());
            assert!(faults.is_empty(), "{name}: {faults:#?}");
        }
    }
    assert!(checked >= 3);
}

#[test]
fn dangerous_statements_are_refused() {
    for statement in [
        "ALTER TABLE public.users ALTER COLUMN name TYPE varchar(50);",
        "ALTER TABLE public.users ADD COLUMN token uuid NOT NULL DEFAULT gen_random_uuid();",
        "ALTER TABLE public.users ADD COLUMN nickname text NOT NULL;",
        "CREATE INDEX idx_users_name ON public.users (name);",
        "CREATE INDEX CONCURRENTLY idx_users_name ON public.users (name);",
        "ALTER TABLE public.users ADD CONSTRAINT short CHECK (length(name) < 50);",
        "ALTER TABLE public.users DROP COLUMN phone;",
        "ALTER TABLE public.users RENAME COLUMN phone TO telephone;",
        "DROP TABLE public.sessions;",
        "SET lock_timeout = 0;",
        "ALTER TABLE public.users ADD COLUMN nick text",
        "CREATE TABEL x (y int);",
    ] {
        let found = faults(statement);
        // The one that is fine, for the rule that everything else is not.
        assert_eq!(
            found.is_empty(),
            statement.ends_with("nick text"),
            "{statement}: {found:?}"
        );
    }
    let outside =
        "-- no-transaction\nCREATE INDEX CONCURRENTLY idx_users_name ON public.users (name);";
    assert_eq!(faults(outside), Vec::<String>::new());
}

/// From every schema that was ever released, with data in it.
#[tokio::test]
async fn every_released_schema_is_upgraded_with_its_data() {
    for release in FIRST_RELEASE..migrations::latest() {
        let database = TestDatabase::empty().await;
        migrate_to(&database.owner(), release).await.unwrap();
        migrations::seed(&database.owner()).await.unwrap();
        let mut connection = database.superuser().await;
        let count = "SELECT (SELECT count(*) FROM medical_reports) + (SELECT count(*) FROM doctor_reviews) + (SELECT count(*) FROM users)";
        let before: i64 = sqlx::query_scalar(count)
            .fetch_one(&mut connection)
            .await
            .unwrap();
        assert!(before > 30);
        migrations::migrate(&database.owner()).await.unwrap();
        let after: i64 = sqlx::query_scalar(count)
            .fetch_one(&mut connection)
            .await
            .unwrap();
        assert_eq!(before, after, "from {release}");
        let mut inspector = Inspector::connect(&database.owner(), None).await.unwrap();
        assert_eq!(
            inspector.schema_faults().await.unwrap(),
            [],
            "from {release}"
        );
    }
}

#[tokio::test]
async fn a_program_that_is_too_old_says_so() {
    let database = TestDatabase::migrated().await;
    let mut connection = database.superuser().await;
    let floor = "INSERT INTO portal.schema_floor VALUES ($1, 'patient numbers moved') ON CONFLICT (minimum_migration) DO NOTHING";
    sqlx::query(floor)
        .bind(migrations::latest())
        .execute(&mut connection)
        .await
        .unwrap();
    migrations::migrate(&database.owner()).await.unwrap();
    sqlx::query(floor)
        .bind(migrations::latest() + 1)
        .execute(&mut connection)
        .await
        .unwrap();
    let error = migrations::migrate(&database.owner())
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("too old") && error.contains("patient numbers moved"),
        "{error}"
    );
}
