//! Secrets in columns: `pgcrypto` reads what the portal writes and the other way round; and with the server's logging
//! turned up neither a secret nor the key is in its log or in a plan.

use std::path::{Path, PathBuf};

use keys::Keyring;
use sqlx::{Connection, Executor, PgConnection};
use testkit::TestDatabase;

fn keyring(folder: &Path) -> Keyring {
    let now = chrono::DateTime::from_timestamp(1_795_000_000, 0).unwrap();
    Keyring::load_or_make(&folder.join("storage.key"), now).unwrap()
}

/// Of this test program's own cluster.
fn data_folder() -> PathBuf {
    std::env::temp_dir().join(format!("medical-portal-test-{}", std::process::id()))
}

fn logs(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir()
            && path
                .file_name()
                .is_some_and(|name| name.to_string_lossy().contains("log"))
        {
            found.extend(logs(&path));
        } else if path.extension().is_some_and(|end| end == "log") {
            found.push(path);
        }
    }
    found
}

#[tokio::test]
async fn pgcrypto_reads_what_the_portal_sealed_and_no_log_or_plan_has_the_key() {
    let folder = tempfile::tempdir().unwrap();
    let keys = keyring(folder.path());
    let password = keys.pgcrypto_password().unwrap();
    let secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";
    let database = TestDatabase::migrated().await;
    let mut connection = PgConnection::connect(&database.owner().url).await.unwrap();
    if let Err(error) = connection.execute("CREATE EXTENSION pgcrypto").await {
        println!("skipped: this server has no pgcrypto: {error}");
        return;
    }
    connection
        .execute(
            "CREATE TABLE secrets (id int, sealed bytea);
             SET log_statement = 'all'; SET log_min_duration_statement = 0; SET log_error_verbosity = 'verbose';
             SET log_parameter_max_length = -1; SET log_parameter_max_length_on_error = -1; SET debug_print_plan = on",
        )
        .await
        .unwrap();
    let sealed = keys.seal("totp/anna", secret.as_bytes()).unwrap();
    sqlx::query("INSERT INTO secrets VALUES (1, $1)")
        .bind(&sealed)
        .execute(&mut connection)
        .await
        .unwrap();
    let stored: Vec<u8> = sqlx::query_scalar("SELECT sealed FROM secrets WHERE id = $1")
        .bind(1)
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(
        **keys.open("totp/anna", &stored).unwrap(),
        *secret.as_bytes()
    );
    let plan: Vec<String> = sqlx::query_scalar(
        "EXPLAIN (ANALYZE, VERBOSE) SELECT sealed FROM secrets WHERE sealed = $1",
    )
    .bind(&sealed)
    .fetch_all(&mut connection)
    .await
    .unwrap();
    let mut seen = plan.join("\n");
    let marker = hex::encode(&sealed[..16]);
    for path in logs(&data_folder()) {
        seen.push_str(&String::from_utf8_lossy(&std::fs::read(path).unwrap()));
    }
    assert!(
        seen.contains(&marker),
        "the log was turned up and is looked at"
    );
    for hidden in [
        secret,
        &hex::encode(secret),
        password.as_str(),
        &hex::encode(password.as_bytes()),
    ] {
        assert!(
            !seen.contains(hidden),
            "what must be hidden is in the log or a plan"
        );
    }

    // The same format, both ways. Here the server gets the key, and its log has it: that is why the portal does not.
    let opened: Vec<u8> =
        sqlx::query_scalar("SELECT pgp_sym_decrypt_bytea(sealed, $1) FROM secrets")
            .bind(password.as_str())
            .fetch_one(&mut connection)
            .await
            .unwrap();
    assert_eq!(opened, [b"totp/anna\0", secret.as_bytes()].concat());
    let written: Vec<u8> = sqlx::query_scalar(
        "SELECT pgp_sym_encrypt_bytea($1, $2, 'cipher-algo=aes256, s2k-digest-algo=sha256')",
    )
    .bind([b"totp/bert\0".as_slice(), &[7; 3000]].concat())
    .bind(password.as_str())
    .fetch_one(&mut connection)
    .await
    .unwrap();
    assert_eq!(**keys.open("totp/bert", &written).unwrap(), [7; 3000]);
    let mut seen = String::new();
    for path in logs(&data_folder()) {
        seen.push_str(&String::from_utf8_lossy(&std::fs::read(path).unwrap()));
    }
    assert!(
        seen.contains(password.as_str()),
        "a server that is given the key writes it into its log"
    );
}
