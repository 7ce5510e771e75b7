//! A month leaves the database, its file proves itself, and whatever is done to the file is found.

// Helpers of tests stop with the reason, as tests do.
#![allow(clippy::unwrap_used)]

use std::{
    io::{Read, Write},
    path::Path,
};

use archive::{ArchiveError, Proved, Signature, archive, due};
use sqlx::{Connection, Executor, PgConnection};
use testkit::TestDatabase;
use trail::{PublicKeys, SigningKeys};

fn keys(folder: &Path) -> SigningKeys {
    SigningKeys::in_folder(folder.join("keys"))
}

fn verify(path: &Path, folder: &Path) -> Result<Proved, ArchiveError> {
    archive::verify(
        path,
        &PublicKeys::load(&keys(folder).public_path()).unwrap(),
    )
}

/// Rows in a month of five years ago and in this one.
async fn with_old_rows(database: &TestDatabase) -> PgConnection {
    let mut connection = PgConnection::connect(&database.owner().url).await.unwrap();
    connection
        .execute(
            "SELECT portal.create_audit_partition((now() - interval '60 months')::date);
             INSERT INTO audit_logs (log_id, action, entity_type, status, new_values, created_at)
             SELECT gen_random_uuid(), 'read_report', 'report', 'success', jsonb_build_object('number', n),
                    date_trunc('month', now() - interval '60 months') + make_interval(mins => n)
             FROM generate_series(1, 500) n;
             INSERT INTO audit_logs (log_id, action, entity_type, status) VALUES (gen_random_uuid(), 'sign_in', 'session', 'success')",
        )
        .await
        .unwrap();
    connection
}

#[tokio::test]
async fn an_old_month_moves_into_a_file_that_proves_itself() {
    let database = TestDatabase::migrated().await;
    let mut connection = with_old_rows(&database).await;
    let folder = tempfile::tempdir().unwrap();
    assert!(
        due(&database.owner(), 60).await.unwrap().is_empty(),
        "60 months are kept"
    );
    let months = due(&database.owner(), 59).await.unwrap();
    assert_eq!(months.len(), 1);
    let archived = archive(
        &database.owner(),
        &months[0],
        folder.path(),
        &keys(folder.path()),
    )
    .await
    .unwrap();
    assert_eq!(
        (
            archived.proved.rows,
            &archived.proved.partition,
            archived.proved.signed
        ),
        (500, &months[0], Signature::Trusted)
    );
    assert_eq!(
        verify(&archived.file, folder.path()).unwrap(),
        archived.proved
    );
    assert!(due(&database.owner(), 59).await.unwrap().is_empty());
    let left: Vec<String> = sqlx::query_scalar("SELECT action FROM audit_logs ORDER BY action")
        .fetch_all(&mut connection)
        .await
        .unwrap();
    assert_eq!(
        left,
        ["archive_audit", "sign_in"],
        "the month is gone, and that is noted"
    );

    // A file that holds other rows is never overwritten, and then nothing is removed.
    let other = TestDatabase::migrated().await;
    with_old_rows(&other).await;
    let error = archive(
        &other.owner(),
        &months[0],
        folder.path(),
        &keys(folder.path()),
    )
    .await
    .unwrap_err();
    assert!(matches!(error, ArchiveError::Taken { .. }), "{error}");
    assert_eq!(
        due(&other.owner(), 59).await.unwrap(),
        months,
        "and nothing was removed"
    );
}

#[tokio::test]
async fn whatever_is_done_to_an_archive_is_found_by_its_row() {
    let database = TestDatabase::migrated().await;
    with_old_rows(&database).await;
    let folder = tempfile::tempdir().unwrap();
    let month = due(&database.owner(), 59).await.unwrap().remove(0);
    let archived = archive(
        &database.owner(),
        &month,
        folder.path(),
        &keys(folder.path()),
    )
    .await
    .unwrap();
    let mut text = String::new();
    zstd::Decoder::new(std::fs::File::open(&archived.file).unwrap())
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), 502);
    let verdict = |lines: &[String]| {
        let path = folder.path().join("changed.jsonl.zst");
        let mut stream = zstd::Encoder::new(std::fs::File::create(&path).unwrap(), 1).unwrap();
        stream
            .write_all((lines.join("\n") + "\n").as_bytes())
            .unwrap();
        stream.finish().unwrap();
        verify(&path, folder.path())
    };
    assert!(verdict(&lines).is_ok());
    let row = |error: Result<archive::Proved, ArchiveError>| match error.unwrap_err() {
        ArchiveError::Altered { row, .. } => row,
        other => panic!("{other}"),
    };
    let mut altered = lines.clone();
    altered[100] = altered[100].replace("read_report", "read_nothing");
    assert_eq!(row(verdict(&altered)), 100);
    let mut removed = lines.clone();
    removed.remove(100);
    assert_eq!(row(verdict(&removed)), 100);
    let mut moved = lines.clone();
    moved.swap(100, 101);
    assert_eq!(row(verdict(&moved)), 100);
    let mut added = lines.clone();
    added.insert(100, lines[100].clone());
    assert_eq!(row(verdict(&added)), 101);
    // Without its signature, with that of another key, and with one of another month.
    let mut bare = lines.clone();
    let end = bare.pop().unwrap();
    bare.push(end[..end.find(",\"signed\"").unwrap()].to_owned() + "}");
    assert_eq!(verdict(&bare).unwrap().signed, Signature::Absent);
    let mut other = lines.clone();
    let end = other.last_mut().unwrap();
    *end = end.replace("audit_logs_", "audit_logs-");
    assert!(matches!(
        verdict(&other),
        Err(ArchiveError::BadSignature { .. })
    ));
    let mut shortened = lines.clone();
    shortened.remove(500);
    assert_eq!(row(verdict(&shortened)), 499);
    assert!(matches!(
        verdict(&lines[..300]),
        Err(ArchiveError::NotWhole { .. })
    ));
    assert!(matches!(
        verdict(&lines[1..]),
        Err(ArchiveError::NotWhole { .. })
    ));
}
