//! The loaded models. Loading one takes a tenth of a second and some megabytes, so it is done when a
//! model is first needed and again when another one is put to work.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
};

use ai::{EnginePreference, Model, ModelError, Package, PackageError};
use domain::ModelId;

use crate::registry::package_folder;

/// Most models kept: the active one and its shadows.
const MOST_KEPT: usize = 4;

/// Keeps the models that were used last.
pub struct ModelCache {
    preference: EnginePreference,
    folder: PathBuf,
    // The one used last stands last.
    loaded: Mutex<Vec<(ModelId, Arc<Model>)>>,
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
            loaded: Mutex::new(Vec::new()),
        }
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
        if let Some(place) = loaded.iter().position(|(id, _)| *id == row.model_id) {
            let kept = loaded.remove(place);
            loaded.push(kept.clone());
            return Ok(kept.1);
        }
        let package = Package::open(&package_folder(&self.folder, &row.model_file_url))?;
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
        if loaded.len() == MOST_KEPT {
            loaded.remove(0);
        }
        loaded.push((row.model_id, model.clone()));
        Ok(model)
    }
}
