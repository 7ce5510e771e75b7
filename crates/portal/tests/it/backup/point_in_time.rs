//! Any moment since a backup: what was written before it is there, what came after is not.

use std::time::{Duration, Instant};

use pg_embed::{Cluster, ClusterOptions};

use super::{Clinic, images_in, paths_below, refusal, running, send_films};
use crate::support::{Serving, execute, stdout, text};

fn count(url: &str, sql: &str) -> i64 {
    text(url, sql).parse().unwrap()
}

fn account(name: &str) -> String {
    format!(
        "INSERT INTO users (id, email, role, name) VALUES (gen_random_uuid(), '{name}@example.org', 'doctor', '{name}')"
    )
}

#[test]
fn a_moment_after_the_backup_is_restored_with_its_images() {
    let clinic = Clinic::new();
    let (data, store) = (clinic.data(), clinic.path("store"));
    let cluster = Cluster::start(&ClusterOptions::new(&data)).unwrap();
    execute(
        &cluster.url("postgres", "portal"),
        &format!(
            "INSERT INTO system_settings (setting_id, setting_key, setting_value) VALUES
             (gen_random_uuid(), 'backup.point_in_time', 'true'),
             (gen_random_uuid(), 'backup.destination', '\"{}\"')",
            store.display()
        ),
    );
    cluster.stop().unwrap();
    let key = clinic.path("keys/backup.key");
    let options = ["--workers", "0", "--backup-key-file", key.to_str().unwrap()];
    let mut serving = Serving::start(&data, &options);
    serving.wait_for("whether the write-ahead log is kept was changed");
    assert!(serving.interrupt().success());

    let mut serving = Serving::start(&data, &options);
    let url = running(&data).url("postgres", "portal");
    let made = clinic.create(&store);
    let id = made["id"].as_str().unwrap();
    execute(&url, &account("before"));
    send_films(&serving.base, 0..2);
    std::thread::sleep(Duration::from_millis(1100));
    let moment = domain::Clock::now(&domain::SystemClock).to_rfc3339();
    std::thread::sleep(Duration::from_millis(1100));
    execute(&url, &account("after"));
    let segment = text(&url, "SELECT pg_walfile_name(pg_current_wal_lsn())");
    execute(&url, "SELECT pg_switch_wal()");
    let started = Instant::now();
    while !paths_below(&store)
        .iter()
        .any(|path| path.to_str().unwrap().contains(&segment))
    {
        assert!(
            started.elapsed() < Duration::from_secs(60),
            "the log is not kept"
        );
        std::thread::sleep(Duration::from_millis(200));
    }
    let blobs = images_in(&data);
    serving.kill();
    drop(serving);
    // Until the killed portal's server has ended as well.
    drop(Cluster::start(&ClusterOptions::new(&data)).unwrap());
    std::fs::remove_dir_all(&data).unwrap();

    let new = clinic.path("new");
    let restore = |at: &str| {
        clinic.backup(&[
            "restore",
            id,
            "--from",
            store.to_str().unwrap(),
            "--data-dir",
            new.to_str().unwrap(),
            "--at",
            at,
        ])
    };
    let said = refusal(&restore("2020-01-01T00:00:00Z"));
    assert!(said.contains("name a later moment"), "{said}");
    let said = refusal(&restore("2100-01-01T00:00:00Z"));
    assert!(said.contains("ends before it"), "{said}");
    let said = stdout(&restore(&moment));
    assert!(said.contains("and the log since then"), "{said}");
    assert_eq!(images_in(&new), blobs);
    let cluster = Cluster::start(&ClusterOptions::new(&new)).unwrap();
    let url = cluster.url("postgres", "portal");
    assert_eq!(
        count(&url, "SELECT count(*) FROM users WHERE name = 'before'"),
        1
    );
    assert_eq!(
        count(&url, "SELECT count(*) FROM users WHERE name = 'after'"),
        0
    );
    assert_eq!(count(&url, "SELECT count(*) FROM portal.image_blobs"), 2);
    cluster.stop().unwrap();
}
