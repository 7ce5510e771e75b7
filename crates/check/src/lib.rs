//! The diagnosis of a portal: one pass over everything that can be wrong with it, each thing said in
//! a line with what to do about it. It looks without changing anything, unless it is asked to put
//! right what can be put right safely.
//!
//! One file a part of the portal; each has one function that adds its findings.

mod audit_trail;
mod backups;
mod blob_store;
mod certificate;
mod configuration;
mod contents;
mod disk;
mod emergencies;
mod finding;
mod load;
mod model;
mod room;
mod schema;
mod server;
mod work;

use std::{path::PathBuf, sync::Arc};

use ai::EnginePreference;
use blobs::BlobStore;
use db::{Database, DatabaseOptions, maintain::Caretaker};
use domain::Clock;

pub use certificate::{CertificateError, certificate_end};
pub use configuration::{Serving, active_demo_accounts};
pub use finding::{Diagnosis, Finding, Outcome};
pub use room::{Room, room};

/// The portal that is looked at.
#[derive(Debug, Clone)]
pub struct Subject {
    /// Its data folder.
    pub data_dir: PathBuf,
    /// The folder of stored images.
    pub blobs: PathBuf,
    /// The file of the keys of stored images and secrets.
    pub storage_key: PathBuf,
    /// The file of the audit trail's public keys.
    pub audit_public_keys: PathBuf,
    /// Where the audit trail's newest seal is noted.
    pub audit_newest_seal: PathBuf,
    /// The folder of model packages.
    pub models: PathBuf,
    /// The database as its owner.
    pub owner: DatabaseOptions,
    /// The database as the running portal.
    pub login: DatabaseOptions,
    /// The private cluster's own database; absent for an external server.
    pub maintenance: Option<DatabaseOptions>,
    /// How it is served, as far as settings outside the database say.
    pub serving: Serving,
    /// The key of the backups; absent where no place for it is known.
    pub backup_key: Option<PathBuf>,
    /// The engine that runs the model.
    pub engine: EnginePreference,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

impl Subject {
    /// Whether it is the demo's portal, whose accounts and people are made up.
    pub(crate) fn is_demo(&self) -> bool {
        self.data_dir
            .file_name()
            .is_some_and(|name| name.to_string_lossy().ends_with("-demo"))
    }
}

/// How thorough to be, and whether to mend.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted {
    /// Put right what is safe to put right.
    pub fix: bool,
    /// Read every stored image and compare it with its digest.
    pub thorough: bool,
}

/// Looks at everything.
pub async fn diagnose(subject: &Subject, wanted: Wanted) -> Diagnosis {
    let mut diagnosis = Diagnosis::default();
    disk::look(subject, &mut diagnosis);
    configuration::look_at_serving(subject, &mut diagnosis);
    certificate::look(subject, &mut diagnosis);
    let Some(mut inspector) = server::reach(subject, &mut diagnosis).await else {
        return diagnosis;
    };
    let migrated = schema::look_at_migrations(subject, wanted, &mut diagnosis).await;
    if migrated {
        server::look(subject, &mut inspector, wanted, &mut diagnosis).await;
        schema::look(subject, &mut inspector, wanted, &mut diagnosis).await;
        load::look(&mut inspector, &mut diagnosis).await;
        look_as_the_portal(subject, wanted, &mut diagnosis).await;
    }
    // The connection has nothing more to say.
    let _ = inspector.close().await;
    diagnosis
}

/// What the running portal itself would see.
async fn look_as_the_portal(subject: &Subject, wanted: Wanted, diagnosis: &mut Diagnosis) {
    let database = match Database::connect(&subject.login, subject.clock.clone()).await {
        Ok(database) => database,
        Err(error) => {
            diagnosis.fail(
                "login",
                format!("the portal's own login does not work: {}", finding::chain(&error)),
                "Check the password or certificate of portal_login in DATABASE_URL and pg_hba.conf.",
            );
            return;
        }
    };
    diagnosis.ok("login", "the portal's own login works");
    work::look(&database, wanted, diagnosis).await;
    configuration::look_at_settings(&database, subject, diagnosis).await;
    emergencies::look(&database, diagnosis).await;
    let keys = blob_store::look_at_keys(subject, diagnosis);
    let store = match keys {
        Some(keys) => BlobStore::open_encrypted(&subject.blobs, keys),
        None => BlobStore::open(&subject.blobs),
    };
    match store {
        Ok(store) => blob_store::look(&database, &store, subject, wanted, diagnosis).await,
        Err(error) => diagnosis.fail(
            "blobs",
            finding::chain(&error),
            "Give the portal's user the folder back, or name the right one with --data-dir.",
        ),
    }
    audit_trail::look(&database, subject, diagnosis).await;
    contents::look(&database, subject, wanted, diagnosis).await;
    model::look(&database, subject, diagnosis).await;
    backups::look(&database, subject, diagnosis).await;
    database.close().await;
}

/// A connection for mending, where that is wanted.
async fn caretaker(subject: &Subject, wanted: Wanted) -> Option<Caretaker> {
    if wanted.fix {
        Caretaker::connect(&subject.owner).await.ok()
    } else {
        None
    }
}

/// Notes that a question of the diagnosis itself got no answer.
fn unanswered(
    diagnosis: &mut Diagnosis,
    check: &'static str,
    error: &(dyn std::error::Error + 'static),
) {
    diagnosis.fail(
        check,
        finding::chain(error),
        "The database answers in part: look at its log, then run the check again.",
    );
}
