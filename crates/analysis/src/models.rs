//! The loaded model. Loading takes a tenth of a second and some megabytes, so it is done when a
//! model is first needed and again when another one is put to work.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use ai::{EnginePreference, Model, ModelError, Package, PackageError};
use domain::ModelId;

/// Keeps the model that was used last.
pub struct ModelCache {
    preference: EnginePreference,
    folder: PathBuf,
    loaded: Mutex<Option<(ModelId, Arc<Model>)>>,
}

impl std::fmt::Debug for ModelCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ModelCache")
            .field("preference", &self.preference)
            .finish_non_exhaustive()
    }
}

/// Why a registered model could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// Its package is not what was registered.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// No engine takes it.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The file changed since it was registered.
    #[error(
        "the model file is not the one that was registered (SHA-256 {found}, registered {registered}): import it as a new version"
    )]
    Changed {
        /// What is there.
        found: String,
        /// What should be.
        registered: String,
    },
}

impl ModelCache {
    /// An empty cache over the folder of model packages.
    #[must_use]
    pub fn new(preference: EnginePreference, folder: impl Into<PathBuf>) -> Self {
        Self {
            preference,
            folder: folder.into(),
            loaded: Mutex::new(None),
        }
    }

    /// Where a registered package is. Rows name its folder within the folder of packages, so that a
    /// portal restored elsewhere finds it; rows of the first release name the whole path, which may
    /// be that of another place.
    fn package(&self, named: &str) -> PathBuf {
        let named = Path::new(named);
        if named.is_absolute() && named.is_dir() {
            return named.to_owned();
        }
        self.folder.join(named.file_name().unwrap_or_default())
    }

    /// The loaded model of a registry row. Blocks while it loads.
    ///
    /// # Errors
    /// When the package is gone, changed, or no engine takes it.
    pub fn get(&self, row: &db::models::Model) -> Result<Arc<Model>, LoadError> {
        let mut loaded = self
            .loaded
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some((id, model)) = loaded.as_ref()
            && *id == row.model_id
        {
            return Ok(model.clone());
        }
        let package = Package::open(&self.package(&row.model_file_url))?;
        let registered = row
            .model_config
            .get("model_sha256")
            .and_then(|value| value.as_str())
            .unwrap_or_default();
        if package.model_sha256 != registered {
            return Err(LoadError::Changed {
                found: package.model_sha256,
                registered: registered.to_owned(),
            });
        }
        let model = Arc::new(Model::load(&package, self.preference)?);
        *loaded = Some((row.model_id, model.clone()));
        Ok(model)
    }
}
