//! Backups through the real binary: made, destroyed everything, restored; and every fault that a
//! backup must survive or name.

mod external;
mod faults;
mod point_in_time;
mod recipes;
mod round_trip;
mod s3;
mod schedule;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::{Command, Output},
};

use pg_embed::{Cluster, ClusterAddress, ClusterOptions};
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};

use crate::{
    serve::Signed,
    support::{data_folder, portal, stdout},
};

/// A portal with the development data, a place for its backups and a key of its own.
pub(crate) struct Clinic {
    folder: tempfile::TempDir,
}

impl Clinic {
    /// Makes it, migrated and seeded, not running.
    pub(crate) fn new() -> Self {
        let clinic = Self::without_portal();
        stdout(
            &clinic
                .portal(&["db", "seed", "--data-dir", clinic.data_text()])
                .output()
                .unwrap(),
        );
        clinic
    }

    /// Only the folders.
    pub(crate) fn without_portal() -> Self {
        Self {
            folder: data_folder(),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.path("data")
    }

    fn data_text(&self) -> &'static str {
        Box::leak(self.data().to_str().unwrap().to_owned().into_boxed_str())
    }

    /// The binary with this clinic's key.
    pub(crate) fn portal(&self, arguments: &[&str]) -> Command {
        let mut command = portal();
        command
            .args(arguments)
            .env("PORTAL_BACKUP_KEY_FILE", self.path("keys/backup.key"));
        command
    }

    /// Runs `backup …`.
    pub(crate) fn backup(&self, arguments: &[&str]) -> Output {
        self.portal(&[&["backup"], arguments].concat())
            .output()
            .unwrap()
    }

    /// Makes a backup in a folder and gives its summary.
    pub(crate) fn create(&self, to: &Path) -> Value {
        let to = to.to_str().unwrap();
        let output = self.backup(&[
            "create",
            "--to",
            to,
            "--data-dir",
            self.data_text(),
            "--json",
        ]);
        serde_json::from_str(&stdout(&output)).unwrap()
    }

    pub(crate) fn list(&self, from: &Path) -> Vec<Value> {
        let output = self.backup(&["list", "--from", from.to_str().unwrap(), "--json"]);
        let list: Value = serde_json::from_str(&stdout(&output)).unwrap();
        list["items"].as_array().unwrap().clone()
    }

    pub(crate) fn restore(&self, id: &str, from: &Path, into: &Path) -> Output {
        self.backup(&[
            "restore",
            id,
            "--from",
            from.to_str().unwrap(),
            "--data-dir",
            into.to_str().unwrap(),
        ])
    }

    pub(crate) fn verify(&self, id: &str, from: &Path) -> Output {
        self.backup(&["verify", id, "--from", from.to_str().unwrap()])
    }
}

/// What a command said when it failed, as it must have.
pub(crate) fn refusal(output: &Output) -> String {
    assert!(
        !output.status.success(),
        "it succeeded: {}",
        String::from_utf8_lossy(&output.stdout)
    );
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The paths, below a folder, of every file there. One that goes meanwhile may be among them: a
/// portal writes beside the name of a file and renames it.
pub(crate) fn paths_below(folder: &Path) -> BTreeSet<PathBuf> {
    let mut paths = BTreeSet::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(current) = folders.pop() {
        for entry in std::fs::read_dir(&current).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                paths.insert(path.strip_prefix(folder).unwrap().to_owned());
            }
        }
    }
    paths
}

/// Every file below a folder that nobody writes to, by its path there, with the SHA-256 of its
/// bytes.
pub(crate) fn files_below(folder: &Path) -> BTreeMap<PathBuf, blobs::Digest> {
    let read = |path: &PathBuf| std::fs::read(folder.join(path)).unwrap();
    let paths = paths_below(folder).into_iter();
    paths
        .map(|path| (path.clone(), blobs::Digest::of(&read(&path))))
        .collect()
}

/// The stored images of a data folder by their digests, each read whole, with its length.
pub(crate) fn images_in(data: &Path) -> BTreeMap<blobs::Digest, usize> {
    let folder = data.join("blobs");
    let store = match keys::Keyring::load(&data.join("keys/storage.key")) {
        Ok(keys) => blobs::BlobStore::open_encrypted(folder, keys).unwrap(),
        Err(_) => blobs::BlobStore::open(folder).unwrap(),
    };
    let listed = store.list().unwrap();
    listed
        .into_iter()
        .map(|stored| (stored.digest, store.read(stored.digest).unwrap().len()))
        .collect()
}

/// Each table's rows and a digest of them, made without the code under test.
pub(crate) fn tables_at(url: &str) -> BTreeMap<String, (i64, String)> {
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let mut connection = PgConnection::connect(url).await.unwrap();
        let names: Vec<String> = sqlx::query_scalar(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname IN ('public', 'portal')",
        )
        .fetch_all(&mut connection)
        .await
        .unwrap();
        let mut tables = BTreeMap::new();
        for name in names {
            let row = sqlx::query(AssertSqlSafe(format!(
                "SELECT count(*) AS rows, coalesce(md5(string_agg(t::text, E'\\n' ORDER BY t::text COLLATE \"C\")), '') AS digest FROM {name} t"
            )))
            .fetch_one(&mut connection)
            .await
            .unwrap();
            tables.insert(name, (row.get("rows"), row.get("digest")));
        }
        tables
    })
}

/// The address of the cluster that a serving portal runs.
pub(crate) fn running(data: &Path) -> ClusterAddress {
    Cluster::running(data).unwrap().expect("a portal serves")
}

/// The tables of a portal that does not run.
pub(crate) fn tables_of(data: &Path) -> BTreeMap<String, (i64, String)> {
    let cluster = Cluster::start(&ClusterOptions::new(data)).unwrap();
    let tables = tables_at(&cluster.url("postgres", "portal"));
    cluster.stop().unwrap();
    tables
}

/// Sends films in as the development data's radiologist.
pub(crate) fn send_films(base: &str, seeds: std::ops::Range<u32>) {
    let radiologist = Signed::sign_in(base, "radiologist@example.com");
    let patient = Signed::sign_in(base, "patient@example.com").user_id;
    for seed in seeds {
        let film = testkit::chest_film(seed, 80);
        radiologist.upload(film, &patient).unwrap();
    }
}

/// Bytes that do not compress, different for each number.
pub(crate) fn noise(number: u64, size: usize) -> Vec<u8> {
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (0..size)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()[3]
        })
        .collect()
}
