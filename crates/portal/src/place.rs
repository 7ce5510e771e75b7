//! Where the portal keeps its things: the data folder, and a database that is its own private
//! cluster or somebody else's server.

use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, Result, bail};
use blobs::BlobStore;
use db::{Database, DatabaseOptions};
use domain::{Clock, SystemClock};
use keys::Keyring;
use pg_embed::{Cluster, ClusterOptions};

use crate::{cli::PlaceArgs, keeper::Keeper};

/// The name of the portal's database in its private cluster.
const DATABASE: &str = "portal";

/// Where things are, and the cluster if this process runs one.
pub(crate) struct Place {
    data_dir: PathBuf,
    /// For migrations.
    pub(crate) owner: DatabaseOptions,
    /// For everything else.
    pub(crate) login: DatabaseOptions,
    /// The private cluster's own database, beside the portal's.
    pub(crate) maintenance: Option<DatabaseOptions>,
    /// PostgreSQL's programs, where known.
    pub(crate) postgres_programs: Option<PathBuf>,
    /// The file of the keys of stored images and secrets.
    pub(crate) storage_key_file: PathBuf,
    /// Of the private cluster; absent for an external server.
    keeper: Option<Keeper>,
}

impl Place {
    /// Opens the data folder and reaches the database; starts the private cluster when none is
    /// named and none is running.
    pub(crate) async fn open(args: &PlaceArgs, subfolder: Option<&str>) -> Result<Self> {
        let data_dir = data_dir(args, subfolder)?;
        backup::finish_interrupted(&data_dir, args.database_url.is_none())?;
        let storage_key_file = args
            .storage_key_file
            .clone()
            .unwrap_or_else(|| data_dir.join("keys/storage.key"));
        if let Some(url) = &args.database_url {
            std::fs::create_dir_all(&data_dir)
                .with_context(|| format!("cannot make {}", data_dir.display()))?;
            let admin = args.database_admin_url.as_ref().unwrap_or(url);
            return Ok(Self {
                data_dir,
                owner: DatabaseOptions::new(admin),
                login: DatabaseOptions::new(url),
                maintenance: None,
                postgres_programs: args.pg_bin.clone(),
                storage_key_file,
                keeper: None,
            });
        }
        let mut options = ClusterOptions::new(&data_dir);
        options.binaries.clone_from(&args.pg_bin);
        tokio::task::spawn_blocking(move || {
            Self::on_private_cluster(data_dir, storage_key_file, &options)
        })
        .await?
    }

    /// As [`Place::open`], for commands that look at or after a portal and must not make one.
    pub(crate) async fn open_existing(args: &PlaceArgs) -> Result<Self> {
        let data_dir = data_dir(args, None)?;
        if args.database_url.is_none() && !data_dir.join("postgres").is_dir() {
            bail!(
                "there is no portal in {}: name its folder with --data-dir (the demo's ends in -demo), or make one with `medical-portal serve`",
                data_dir.display()
            );
        }
        Self::open(args, None).await
    }

    fn on_private_cluster(
        data_dir: PathBuf,
        storage_key_file: PathBuf,
        options: &ClusterOptions,
    ) -> Result<Self> {
        let running = Cluster::running(&data_dir).ok().flatten();
        let (cluster, address) = match running {
            Some(address) => (None, address),
            None => {
                let cluster = Cluster::start(options)?;
                let address = cluster.address().clone();
                (Some(cluster), address)
            }
        };
        let maintenance = DatabaseOptions::new(address.url("postgres", "postgres"));
        Self {
            owner: DatabaseOptions::new(address.url("postgres", DATABASE)),
            login: DatabaseOptions::new(address.url("portal_login", DATABASE)),
            postgres_programs: cluster
                .as_ref()
                .map(|cluster| cluster.binaries().directory().to_owned())
                .or_else(|| options.binaries.clone()),
            maintenance: Some(maintenance.clone()),
            storage_key_file,
            keeper: Some(Keeper::new(data_dir.clone(), options.clone(), cluster)),
            data_dir,
        }
        .with_database_made(&maintenance)
    }

    fn with_database_made(self, maintenance: &DatabaseOptions) -> Result<Self> {
        tokio::runtime::Handle::current()
            .block_on(db::migrations::create_database(maintenance, DATABASE))?;
        Ok(self)
    }

    /// Brings the schema up to date and connects.
    pub(crate) async fn database(&self) -> Result<Database> {
        db::migrations::migrate(&self.owner)
            .await
            .context("cannot bring the database up to date")?;
        Ok(Database::connect(&self.login, Arc::new(SystemClock)).await?)
    }

    /// The folder of stored images.
    pub(crate) fn blobs(&self) -> Result<PathBuf> {
        self.private_folder("blobs")
    }

    /// The keys of stored images and secrets. Made at the first start; where something was encrypted
    /// already, a missing file is a fault and not a first start.
    pub(crate) fn keyring(&self) -> Result<Keyring> {
        let path = &self.storage_key_file;
        if BlobStore::open(self.blobs()?)?.holds_encrypted()? {
            return Ok(Keyring::load(path)?);
        }
        if path.parent() == Some(&self.data_dir.join("keys")) {
            self.private_folder("keys")?;
        }
        Ok(Keyring::load_or_make(path, SystemClock.now())?)
    }

    /// The stored images.
    pub(crate) fn blob_store(&self) -> Result<BlobStore> {
        Ok(BlobStore::open_encrypted(self.blobs()?, self.keyring()?)?)
    }

    /// The folder of model packages.
    pub(crate) fn models(&self) -> Result<PathBuf> {
        self.private_folder("models")
    }

    /// A folder that only the portal's own user may enter.
    fn private_folder(&self, name: &str) -> Result<PathBuf> {
        let folder = self.data_dir.join(name);
        std::fs::create_dir_all(&folder)
            .and_then(|()| {
                std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700))
            })
            .with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(folder)
    }

    /// Stops the private cluster, if this process runs it.
    pub(crate) async fn close(self) -> Result<()> {
        if let Some(keeper) = self.keeper {
            tokio::task::spawn_blocking(move || keeper.stop()).await??;
        }
        Ok(())
    }

    /// What is backed up.
    pub(crate) fn backup_source(&self, portal_version: &'static str) -> Result<backup::Source> {
        Ok(backup::Source {
            database: self.owner.clone(),
            is_private: self.keeper.is_some(),
            programs: self.programs()?,
            data_dir: self.data_dir.clone(),
            blobs: self.blob_store()?,
            key_files: vec![
                self.storage_key_file.clone(),
                self.data_dir.join("keys/audit-signing.key"),
                self.data_dir.join("keys/audit-public-keys.txt"),
            ],
            portal_version,
        })
    }

    /// PostgreSQL's client programs: those of the private cluster's version, or the newest ones.
    fn programs(&self) -> Result<backup::Programs> {
        let explicit = self.postgres_programs.as_deref();
        let binaries = if self.keeper.is_some() {
            pg_embed::binaries_of(&self.data_dir, explicit)?
        } else {
            pg_embed::binaries::find(explicit)?
        };
        Ok(backup::Programs(binaries.directory().to_owned()))
    }

    /// Who keeps the private cluster running, where there is one.
    pub(crate) fn keeper(&self) -> Option<Keeper> {
        self.keeper.clone()
    }

    /// The data folder.
    pub(crate) fn data_dir(&self) -> &Path {
        &self.data_dir
    }
}

/// How to log in to the portal's database where that is running already: the external one, or the
/// private cluster of a portal that serves just now. Starts nothing.
pub(crate) fn login_beside_running(args: &PlaceArgs) -> Result<Option<DatabaseOptions>> {
    if let Some(url) = &args.database_url {
        return Ok(Some(DatabaseOptions::new(url)));
    }
    let running = Cluster::running(&data_dir(args, None)?).ok().flatten();
    Ok(running.map(|address| DatabaseOptions::new(address.url("portal_login", DATABASE))))
}

/// The data folder: as named, else by who runs the portal. The demo has one of its own, so that
/// made-up and real patients never meet.
pub(crate) fn data_dir(args: &PlaceArgs, subfolder: Option<&str>) -> Result<PathBuf> {
    if let Some(dir) = &args.data_dir {
        return std::path::absolute(dir).context("the data folder has no absolute path");
    }
    let base = if is_root() {
        PathBuf::from("/var/lib")
    } else if let Some(data) = std::env::var_os("XDG_DATA_HOME").filter(|data| !data.is_empty()) {
        PathBuf::from(data)
    } else if let Some(home) = std::env::var_os("HOME").filter(|home| !home.is_empty()) {
        PathBuf::from(home).join(".local/share")
    } else {
        bail!("no home folder: name a data folder with --data-dir");
    };
    let name = subfolder.map_or_else(
        || "medical-portal".to_owned(),
        |subfolder| format!("medical-portal-{subfolder}"),
    );
    Ok(base.join(name))
}

/// Whether this process may do everything: files it makes belong to user 0.
fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").is_ok_and(|metadata| metadata.uid() == 0)
}
