//! What a backup must survive, or name: damage, kill -9, a full disk.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use super::{Clinic, images_in, noise, paths_below, refusal, tables_of};
use crate::support::{SmallDisk, portal, stdout};

/// The one file below a folder whose path ends so.
fn file(store: &Path, end: &str) -> PathBuf {
    let found: Vec<PathBuf> = paths_below(store)
        .into_iter()
        .filter(|path| path.to_str().unwrap().ends_with(end))
        .collect();
    assert_eq!(found.len(), 1, "{found:?}");
    store.join(&found[0])
}

/// Turns one bit round in the middle.
fn damage(path: &Path) {
    let mut bytes = std::fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(path, bytes).unwrap();
}

/// Blobs as the portal stores them, of bytes that do not compress.
fn put_blobs(data: &Path, count: u64, size: usize) {
    let store = blobs::BlobStore::open(data.join("blobs")).unwrap();
    for number in 1..=count {
        store.put(&noise(number, size)).unwrap();
    }
}

#[test]
fn verify_names_each_kind_of_damage() {
    let clinic = Clinic::new();
    put_blobs(&clinic.data(), 1, 5000);
    let store = clinic.path("store");
    let made = clinic.create(&store);
    let id = made["id"].as_str().unwrap();
    let digest = blobs::BlobStore::open(clinic.data().join("blobs"))
        .unwrap()
        .list()
        .unwrap()[0]
        .digest
        .to_string();
    let blob = format!("{digest}.zst.age");
    for (end, fault) in [
        (
            "database.dump.zst.age",
            "its bytes are no longer those that were stored",
        ),
        (
            "files.json.zst.age",
            "its bytes are no longer those that were stored",
        ),
        (blob.as_str(), "it is damaged"),
        ("manifest.json", "manifest.json is damaged"),
    ] {
        let path = file(&store, end);
        let whole = std::fs::read(&path).unwrap();
        damage(&path);
        let said = refusal(&clinic.verify(id, &store));
        assert!(said.contains(end) && said.contains(fault), "{end}: {said}");
        if end != blob {
            let said = refusal(&clinic.restore(id, &store, &clinic.path("new")));
            assert!(said.contains("damaged"), "{end}: {said}");
        }
        std::fs::write(&path, whole).unwrap();
    }
    let path = file(&store, &blob);
    let whole = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let said = refusal(&clinic.verify(id, &store));
    assert!(
        said.contains(&digest) && said.contains("it is missing"),
        "{said}"
    );
    let said = refusal(&clinic.restore(id, &store, &clinic.path("another")));
    assert!(
        said.contains(&digest) && said.contains("is missing"),
        "{said}"
    );

    // The next backup sends what is gone or cut short again.
    clinic.create(&store);
    assert!(path.is_file());
    std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    let mended = clinic.create(&store);
    assert!(stdout(&clinic.verify(mended["id"].as_str().unwrap(), &store)).contains("is sound"));

    // A blob that the portal itself has lost: the backup is made, and says so.
    std::fs::remove_dir_all(clinic.data().join("blobs")).unwrap();
    insert_image(&clinic.data(), &digest);
    let output = clinic.backup(&[
        "create",
        "--to",
        store.to_str().unwrap(),
        "--data-dir",
        clinic.data().to_str().unwrap(),
    ]);
    let said = refusal(&output);
    assert!(
        said.contains(&digest) && said.contains("is not there"),
        "{said}"
    );
    assert_eq!(clinic.list(&store).len(), 4);
}

/// A row that names a blob.
fn insert_image(data: &Path, digest: &str) {
    let cluster = pg_embed::Cluster::start(&pg_embed::ClusterOptions::new(data)).unwrap();
    let sql = format!(
        "WITH i AS (INSERT INTO report_images (image_id, report_id, image_url, image_type, image_format, width, height, file_size)
                    SELECT gen_random_uuid(), report_id, '/x', 'xray', 'PNG', 1, 1, 1 FROM medical_reports LIMIT 1 RETURNING image_id)
         INSERT INTO portal.image_blobs (image_id, sha256) SELECT image_id, '\\x{digest}' FROM i"
    );
    let status = Command::new(cluster.binaries().tool("psql").unwrap())
        .args([
            "-Xqv",
            "ON_ERROR_STOP=1",
            "-d",
            &cluster.url("postgres", "portal"),
            "-c",
            &sql,
        ])
        .status()
        .unwrap();
    assert!(status.success());
    cluster.stop().unwrap();
}

/// Starts a command and kills it with -9 as soon as `is_time`.
fn kill_when(mut command: Command, is_time: impl Fn() -> bool) {
    let mut child: Child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let started = Instant::now();
    while !is_time() {
        if let Some(status) = child.try_wait().unwrap() {
            panic!("it ended with {status} before it could be killed");
        }
        assert!(
            started.elapsed() < Duration::from_secs(60),
            "its time never came"
        );
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

fn count_below(folder: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return 0;
    };
    entries
        .flatten()
        .map(|entry| {
            let path = entry.path();
            if path.is_dir() { count_below(&path) } else { 1 }
        })
        .sum()
}

#[test]
fn kill_9_of_create_and_restore_leaves_nothing_half_and_the_next_run_completes() {
    let clinic = Clinic::new();
    let (data, store) = (clinic.data(), clinic.path("store"));
    put_blobs(&data, 150, 100_000);
    let data_text = data.to_str().unwrap();
    let store_text = store.to_str().unwrap();
    let create = [
        "backup",
        "create",
        "--to",
        store_text,
        "--data-dir",
        data_text,
    ];
    for wanted in [1, 60] {
        kill_when(clinic.portal(&create), || {
            count_below(&store.join("blobs")) >= wanted
        });
        assert_eq!(clinic.list(&store).len(), 0, "half a backup is none");
    }
    let made = clinic.create(&store);
    assert_eq!(made["blobs"], 150);
    let id = made["id"].as_str().unwrap();
    assert_eq!(clinic.list(&store).len(), 1);

    // What the killed ones left goes, and nothing else.
    let prune = ["prune", "--from", store_text, "--keep-daily", "7", "--json"];
    let would: serde_json::Value = serde_json::from_str(&stdout(
        &clinic.backup(&[&prune[..], &["--dry-run"]].concat()),
    ))
    .unwrap();
    assert!(
        !would["unfinished"].as_array().unwrap().is_empty(),
        "{would}"
    );
    let pruned: serde_json::Value = serde_json::from_str(&stdout(&clinic.backup(&prune))).unwrap();
    assert_eq!(pruned, would);
    assert_eq!(pruned["kept"], serde_json::json!([id]));
    assert!(
        paths_below(&store)
            .iter()
            .all(|path| !path.to_str().unwrap().contains(".incoming-")),
    );
    assert_eq!(std::fs::read_dir(store.join("backups")).unwrap().count(), 1);

    // A restore, killed while it fetches and while it fills the database.
    let (blobs, tables) = (images_in(&data), tables_of(&data));
    let new = clinic.path("new");
    let restoring = new.join("restoring");
    let restore = [
        "backup",
        "restore",
        id,
        "--from",
        store_text,
        "--data-dir",
        new.to_str().unwrap(),
    ];
    kill_when(clinic.portal(&restore), || {
        count_below(&restoring.join("blobs")) >= 20
    });
    let said = refusal(
        &portal()
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--data-dir",
                new.to_str().unwrap(),
            ])
            .output()
            .unwrap(),
    );
    assert!(
        said.contains("was cut off: run the same restore again"),
        "{said}"
    );
    kill_when(clinic.portal(&restore), || {
        restoring.join("postgres/postmaster.pid").exists()
    });
    assert!(!new.join("postgres").exists());
    stdout(&clinic.restore(id, &store, &new));
    assert_eq!(images_in(&new), blobs);
    assert!(!restoring.exists());
    let restored = tables_of(&new);
    assert_eq!(
        restored["public.medical_reports"],
        tables["public.medical_reports"]
    );
    assert_eq!(restored["public.users"], tables["public.users"]);
}

#[test]
fn a_full_disk_is_named_and_leaves_no_half_backup() {
    let clinic = Clinic::new();
    put_blobs(&clinic.data(), 10, 300_000);
    let Some(disk) = SmallDisk::mount(&clinic.path("small"), "2m") else {
        println!("skipped: a small file system cannot be mounted here");
        return;
    };
    let create = |to: &Path| {
        clinic.backup(&[
            "create",
            "--to",
            to.to_str().unwrap(),
            "--data-dir",
            clinic.data().to_str().unwrap(),
        ])
    };
    let said = refusal(&create(&disk.0));
    assert!(
        said.contains("the disk is full") && said.contains("make room"),
        "{said}"
    );
    assert_eq!(clinic.list(&disk.0).len(), 0);
    drop(disk);
    // With room, the same portal is backed up.
    stdout(&create(&clinic.path("large")));
}
