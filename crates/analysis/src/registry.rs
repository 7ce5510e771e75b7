//! Putting model packages into the registry: the bundled one at the first start, others by hand.

use std::path::{Path, PathBuf};

use ai::Package;
use chrono::NaiveDate;
use db::{
    Actor, ActorTx, Database, DbError, audit::Act, model_stages::NewChange, models::NewModel,
};
use domain::{
    ModelEvent, ModelId, ModelStage,
    audit::{AuditAction, EntityType},
};
use serde_json::json;

/// The package that comes with the program, so that the binary needs nothing beside it.
const BUNDLED: &[(&str, &[u8])] = &[
    (
        "model.onnx",
        include_bytes!("../../../models/chest-paediatric/model.onnx"),
    ),
    (
        "model.toml",
        include_bytes!("../../../models/chest-paediatric/model.toml"),
    ),
    (
        "golden.json",
        include_bytes!("../../../models/chest-paediatric/golden.json"),
    ),
    (
        "MODEL_CARD.md",
        include_bytes!("../../../models/chest-paediatric/MODEL_CARD.md"),
    ),
];

/// The files a package consists of.
const FILES: &[&str] = &["model.onnx", "model.toml", "golden.json", "MODEL_CARD.md"];

/// Why a package did not get into the registry.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// It is not a package.
    #[error(transparent)]
    Package(#[from] ai::PackageError),
    /// The same name and version is registered with another file.
    #[error(
        "{name} {version} is registered with another model file: give the new one a new version"
    )]
    VersionTaken {
        /// The model's name.
        name: String,
        /// The version.
        version: String,
    },
    /// A model is at work already.
    #[error(
        "{name} {version} is at work: another model takes its place by a promotion that a second person approves (medical-portal model promote)"
    )]
    AtWork {
        /// Its name.
        name: String,
        /// Its version.
        version: String,
    },
    /// A file could not be copied.
    #[error("cannot write {path}: {source}", path = path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The database did not answer.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Writes the bundled package into a folder.
///
/// # Errors
/// When a file cannot be written.
pub fn unpack_bundled(folder: &Path) -> Result<(), RegistryError> {
    write_files(
        folder,
        BUNDLED.iter().map(|(name, bytes)| (*name, bytes.to_vec())),
    )
}

fn write_files(
    folder: &Path,
    files: impl Iterator<Item = (&'static str, Vec<u8>)>,
) -> Result<(), RegistryError> {
    let io = |path: &Path| {
        let path = path.to_owned();
        move |source| RegistryError::Io { path, source }
    };
    std::fs::create_dir_all(folder).map_err(io(folder))?;
    for (name, bytes) in files {
        let path = folder.join(name);
        if std::fs::read(&path).is_ok_and(|there| there == bytes) {
            continue;
        }
        // Written aside and renamed, so that another portal never reads half a model.
        let aside = folder.join(format!(".{name}.{}", std::process::id()));
        std::fs::write(&aside, &bytes).map_err(io(&aside))?;
        std::fs::rename(&aside, &path).map_err(io(&path))?;
    }
    Ok(())
}

/// Registers the bundled model if it is not there, and puts it to work if no model is.
///
/// # Errors
/// When it cannot be unpacked or the database does not answer.
pub async fn ensure_bundled(database: &Database, models: &Path) -> Result<ModelId, RegistryError> {
    let staging = models.join("bundled");
    unpack_bundled(&staging)?;
    let package = Package::open(&staging)?;
    let model_id = register(database, &Actor::command_line(), &package, models).await?;
    let mut tx = database.begin(&Actor::command_line()).await?;
    match activate_first(&mut tx, model_id).await {
        Ok(()) => tx.commit().await?,
        Err(RegistryError::AtWork { .. }) => {}
        Err(error) => return Err(error),
    }
    Ok(model_id)
}

/// Copies a package beside the others and registers it, inactive. A package that is registered
/// already keeps its row.
///
/// # Errors
/// When its name and version belong to another file, a file cannot be copied, or the database does
/// not answer.
pub async fn register(
    database: &Database,
    actor: &Actor,
    package: &Package,
    models: &Path,
) -> Result<ModelId, RegistryError> {
    let manifest = &package.manifest;
    let folder_name = format!("{}-{}", manifest.name, manifest.version);
    let mut tx = database.begin(actor).await?;
    let sha256 = package.model_sha256.as_str();
    if let Some(row) =
        db::models::find_by_version(&mut tx, &manifest.name, &manifest.version).await?
    {
        let same = row
            .model_config
            .get("model_sha256")
            .and_then(|value| value.as_str())
            == Some(sha256);
        if !same {
            return Err(RegistryError::VersionTaken {
                name: manifest.name.clone(),
                version: manifest.version.clone(),
            });
        }
        // Files that are gone or damaged are put back.
        copy(package, &models.join(&folder_name))?;
        return Ok(row.model_id);
    }
    copy(package, &models.join(&folder_name))?;
    let model_id = ModelId::new_at(tx.now());
    insert(&mut tx, model_id, package, &folder_name).await?;
    tx.commit().await?;
    tracing::info!(
        model = manifest.name,
        version = manifest.version,
        "model registered"
    );
    Ok(model_id)
}

/// Copies a package's files; those that are there already stay.
fn copy(package: &Package, folder: &Path) -> Result<(), RegistryError> {
    let read = |name: &&'static str| {
        let path = package.directory.join(name);
        std::fs::read(&path)
            .map(|bytes| (*name, bytes))
            .map_err(|source| RegistryError::Io { path, source })
    };
    let files = FILES.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    write_files(folder, files.into_iter())
}

async fn insert(
    tx: &mut ActorTx,
    model_id: ModelId,
    package: &Package,
    folder_name: &str,
) -> Result<(), DbError> {
    let manifest = &package.manifest;
    let config = json!({ "model_sha256": package.model_sha256, "manifest": manifest });
    let evaluation = &manifest.evaluation;
    db::models::create(
        tx,
        &NewModel {
            model_id,
            model_name: &manifest.name,
            version: &manifest.version,
            architecture: &manifest.architecture,
            framework: &manifest.framework,
            model_file_url: folder_name,
            model_config: &config,
            trained_date: manifest.trained_date.parse::<NaiveDate>().ok(),
            training_dataset_version: &manifest.training.dataset_version,
            baseline: [
                evaluation.accuracy,
                evaluation.precision,
                evaluation.sensitivity,
                evaluation.f1_score,
            ],
            description: &manifest.description,
        },
    )
    .await?;
    tx.audit(
        Act::new(AuditAction::ImportModel, EntityType::Model)
            .on(model_id)
            .new_values(json!({ "model_name": manifest.name, "version": manifest.version, "model_sha256": package.model_sha256 })),
    )
    .await
}

/// Puts a model to work where none is. A model that is at work is replaced by a promotion only.
///
/// # Errors
/// [`RegistryError::AtWork`] where one is, or when the database does not answer.
pub async fn activate_first(tx: &mut ActorTx, model_id: ModelId) -> Result<(), RegistryError> {
    db::model_stages::lock(tx).await?;
    if let Some(active) = db::models::active(tx).await? {
        return Err(RegistryError::AtWork {
            name: active.model_name,
            version: active.version,
        });
    }
    db::models::activate(tx, model_id).await?;
    db::model_stages::set(tx, model_id, ModelStage::Active).await?;
    let change = NewChange {
        model_id,
        event: ModelEvent::Promoted,
        from: ModelStage::Registered,
        to: ModelStage::Active,
        replaced: None,
        reason: "no model was at work",
    };
    db::model_stages::note(tx, &change).await?;
    tx.audit(
        Act::new(AuditAction::ActivateModel, EntityType::Model)
            .on(model_id)
            .new_values(json!({ "active_model_id": model_id })),
    )
    .await?;
    Ok(())
}

/// Where a registered package is. Rows name its folder within the folder of packages, so that a
/// portal restored elsewhere finds it; rows of the first release name the whole path, which may be
/// that of another place.
#[must_use]
pub fn package_folder(models: &Path, model_file_url: &str) -> PathBuf {
    let named = Path::new(model_file_url);
    if named.is_absolute() && named.is_dir() {
        return named.to_owned();
    }
    models.join(named.file_name().unwrap_or_default())
}
