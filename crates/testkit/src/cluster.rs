//! The cluster of this test program, and databases made from its template.

use std::{
    path::{Path, PathBuf},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use db::DatabaseOptions;
use pg_embed::{Cluster, ClusterOptions};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tokio::sync::OnceCell;

/// The cluster of this test program.
///
/// # Panics
/// When PostgreSQL cannot be started; the message says why.
pub fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(|| {
        let parent = std::env::temp_dir();
        clear_dead(&parent);
        let folder = parent.join(format!("{PREFIX}{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let mut options = ClusterOptions::new(&folder);
        // Tries another major version than the newest that is installed.
        options.binaries = std::env::var_os("PORTAL_TEST_PG_BIN").map(PathBuf::from);
        // Nothing here has to outlive a power cut.
        options.extra_settings = vec![
            ("fsync".to_owned(), "off".to_owned()),
            ("max_connections".to_owned(), "300".to_owned()),
        ];
        match Cluster::start(&options) {
            Ok(cluster) => cluster,
            Err(error) => panic!("the tests need PostgreSQL: {error}"),
        }
    })
}

const PREFIX: &str = "medical-portal-test-";

/// Removes what test programs that are gone left behind.
fn clear_dead(parent: &Path) {
    let Ok(entries) = std::fs::read_dir(parent) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(pid) = name
            .to_str()
            .and_then(|name| name.strip_prefix(PREFIX))
            .and_then(|pid| pid.parse::<u32>().ok())
        else {
            continue;
        };
        if !PathBuf::from(format!("/proc/{pid}")).exists() {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

/// A database of a test's own.
#[derive(Debug, Clone)]
pub struct TestDatabase {
    name: String,
}

impl TestDatabase {
    /// With every migration.
    pub async fn migrated() -> Self {
        static TEMPLATE: OnceCell<()> = OnceCell::const_new();
        TEMPLATE
            .get_or_init(|| async {
                let template = Self {
                    name: "template_portal".to_owned(),
                };
                template.create(None).await;
                db::migrations::migrate(&template.owner()).await.unwrap();
            })
            .await;
        let database = Self { name: next_name() };
        database.create(Some("template_portal")).await;
        database
    }

    /// With nothing in it.
    pub async fn empty() -> Self {
        let database = Self { name: next_name() };
        database.create(None).await;
        database
    }

    async fn create(&self, template: Option<&str>) {
        // One at a time: a template that is being copied refuses a second copy.
        static ONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
        let _one = ONE.lock().await;
        let mut connection = PgConnection::connect(&cluster().url("postgres", "postgres"))
            .await
            .unwrap();
        let template = template
            .map(|template| format!(" TEMPLATE {template}"))
            .unwrap_or_default();
        connection
            .execute(AssertSqlSafe(format!(
                "CREATE DATABASE {}{template}",
                self.name
            )))
            .await
            .unwrap();
        connection.close().await.unwrap();
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// As the cluster's superuser: for migrations, and for tests that look behind the portal's back.
    #[must_use]
    pub fn owner(&self) -> DatabaseOptions {
        DatabaseOptions::new(cluster().url("postgres", &self.name))
    }

    /// As the portal itself logs in.
    #[must_use]
    pub fn login(&self) -> DatabaseOptions {
        let mut options = DatabaseOptions::new(cluster().url("portal_login", &self.name));
        options.maximum_connections = 10;
        options.acquire_timeout = std::time::Duration::from_secs(30);
        options
    }

    /// A connection as the cluster's superuser.
    pub async fn superuser(&self) -> PgConnection {
        PgConnection::connect(&cluster().url("postgres", &self.name))
            .await
            .unwrap()
    }
}

fn next_name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed))
}
