//! The portal backs itself up, verifies the backup, and tells when it cannot.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use pg_embed::{Cluster, ClusterOptions};

use super::{Clinic, running};
use crate::support::{Serving, execute, text};

/// Changes the database of a portal that does not run.
fn change(data: &Path, sql: &str) {
    let cluster = Cluster::start(&ClusterOptions::new(data)).unwrap();
    execute(&cluster.url("postgres", "portal"), sql);
    cluster.stop().unwrap();
}

/// Waits until a query gives true in a portal that serves.
fn wait_for(data: &Path, sql: &str) {
    let url = running(data).url("postgres", "portal");
    let started = Instant::now();
    while text(&url, sql) != "true" {
        assert!(started.elapsed() < Duration::from_secs(60), "never: {sql}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_missed_backup_is_made_at_the_start_verified_and_what_fails_is_told() {
    let clinic = Clinic::new();
    let data = clinic.data();
    let serve = || {
        let key = clinic.path("keys/backup.key");
        Serving::start(
            &data,
            &["--workers", "0", "--backup-key-file", key.to_str().unwrap()],
        )
    };
    // A new portal waits for the hour that is set, so nothing is made yet.
    let mut serving = serve();
    std::thread::sleep(Duration::from_millis(300));
    wait_for(&data, "SELECT count(*) = 0 FROM portal.backups");
    assert!(serving.interrupt().success());

    change(
        &data,
        "INSERT INTO portal.backups (id, kind, backup, destination, started_at, finished_at, outcome)
         VALUES (gen_random_uuid(), 'backup', 'old', 'x', now() - interval '3 days', now() - interval '3 days', 'succeeded'),
                (gen_random_uuid(), 'backup', 'cut off', 'x', now() - interval '1 minute', NULL, 'running')",
    );
    let mut serving = serve();
    wait_for(
        &data,
        "SELECT EXISTS (SELECT FROM portal.backups v JOIN portal.backups b USING (backup)
                        WHERE v.kind = 'verification' AND v.outcome = 'succeeded' AND v.blobs = 0
                          AND b.kind = 'backup' AND b.outcome = 'succeeded' AND b.bytes > 1000)",
    );
    for told in ["backup_overdue", "backup_key_made"] {
        wait_for(
            &data,
            &format!(
                "SELECT EXISTS (SELECT FROM notifications n JOIN users u ON u.id = n.user_id WHERE n.type = '{told}' AND u.role = 'tech')"
            ),
        );
    }
    wait_for(
        &data,
        "SELECT count(*) = 2 FROM audit_logs WHERE action IN ('create_backup', 'verify_backup') AND user_role = 'worker' AND status = 'success'",
    );
    wait_for(
        &data,
        "SELECT outcome = 'failed' FROM portal.backups WHERE backup = 'cut off'",
    );
    assert!(serving.interrupt().success());
    assert_eq!(clinic.list(&data.join("backups")).len(), 1);

    // The same hour again, with a destination that does not take it.
    change(
        &data,
        "UPDATE portal.backups SET started_at = started_at - interval '3 days', finished_at = finished_at - interval '3 days';
         INSERT INTO system_settings (setting_id, setting_key, setting_value)
         VALUES (gen_random_uuid(), 'backup.destination', '\"/dev/null/backups\"')",
    );
    let mut serving = serve();
    wait_for(
        &data,
        "SELECT EXISTS (SELECT FROM notifications WHERE type = 'backup_failed' AND message LIKE '%cannot write to /dev/null/backups%')",
    );
    wait_for(
        &data,
        "SELECT count(*) = 1 FROM portal.backups WHERE outcome = 'failed' AND error LIKE '%/dev/null/backups%'",
    );
    assert!(serving.interrupt().success());
}
