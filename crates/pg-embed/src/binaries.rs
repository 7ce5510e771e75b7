//! Finds PostgreSQL's programs where operating systems install them.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::PgEmbedError;
use crate::version::{OLDEST_MAJOR, ServerVersion};

/// The programs of one PostgreSQL installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binaries {
    directory: PathBuf,
    version: ServerVersion,
}

impl Binaries {
    /// The directory that holds `postgres`, `initdb` and usually `psql`, `pg_dump`, `pg_restore`.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// What the server reports about itself.
    pub fn version(&self) -> ServerVersion {
        self.version
    }

    /// The path of one program, e.g. `pg_dump`.
    ///
    /// # Errors
    /// [`PgEmbedError::BinariesIncomplete`] when this installation lacks it: `pg_dump` and `psql` come with the client
    /// package, which some systems install apart.
    pub fn tool(&self, program: &str) -> Result<PathBuf, PgEmbedError> {
        let path = self.directory.join(program);
        if path.is_file() {
            return Ok(path);
        }
        Err(PgEmbedError::BinariesIncomplete {
            directory: self.directory.clone(),
            program: program.to_owned(),
        })
    }

    /// The server itself.
    pub(crate) fn server(&self) -> PathBuf {
        self.directory.join("postgres")
    }

    /// Whether the installation brings this loadable library, e.g. `pg_stat_statements` (an extra package on some).
    pub(crate) fn has_library(&self, name: &str) -> bool {
        let prefix = self.directory.parent().unwrap_or(&self.directory);
        let mut places: Vec<PathBuf> = [
            "lib",
            "lib/postgresql",
            "lib/pgsql",
            "lib64/pgsql",
            "lib64/postgresql",
        ]
        .map(|place| prefix.join(place))
        .into();
        places.extend(self.library_directory());
        places.iter().any(|place| {
            ["so", "dylib"]
                .iter()
                .any(|end| place.join(format!("{name}.{end}")).is_file())
        })
    }

    /// Where the server loads libraries from, when the development package is there to ask.
    fn library_directory(&self) -> Option<PathBuf> {
        let output = Command::new(self.directory.join("pg_config"))
            .arg("--pkglibdir")
            .output()
            .ok()?;
        output
            .status
            .success()
            .then(|| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()))
    }

    /// Reads the installation in `directory`.
    fn in_directory(directory: &Path) -> Result<Self, PgEmbedError> {
        // PATH often holds links into the installation, next to which neither initdb nor libraries lie.
        let server = directory
            .join("postgres")
            .canonicalize()
            .ok()
            .filter(|server| server.is_file());
        let incomplete = |program: &str| PgEmbedError::BinariesIncomplete {
            directory: directory.to_owned(),
            program: program.to_owned(),
        };
        let server = server.ok_or_else(|| incomplete("postgres"))?;
        let home = server.parent().unwrap_or(directory);
        let directory = if home.join("initdb").is_file() {
            home
        } else {
            directory
        };
        if !directory.join("initdb").is_file() {
            return Err(incomplete("initdb"));
        }
        let version = ask_version(&directory.join("postgres"))?;
        Ok(Self {
            directory: directory.to_owned(),
            version,
        })
    }
}

/// The newest installation of version 14 or newer: in `explicit` (`--pg-bin`) and nowhere else when it is given,
/// otherwise wherever systems install it.
///
/// # Errors
/// [`PgEmbedError::BinariesMissing`] names what to install; an `explicit` directory that does not do gets its own error.
pub fn find(explicit: Option<&Path>) -> Result<Binaries, PgEmbedError> {
    Places::of_this_system().find(explicit, None)
}

/// The installation that fits a cluster of `major`, or the newest for a cluster yet to be made.
pub(crate) fn find_for(
    explicit: Option<&Path>,
    cluster: Option<(&Path, u32)>,
) -> Result<Binaries, PgEmbedError> {
    Places::of_this_system().find(explicit, cluster)
}

/// Where installations are looked for.
struct Places {
    root: PathBuf,
    path: Option<OsString>,
}

impl Places {
    fn of_this_system() -> Self {
        Self {
            root: PathBuf::from("/"),
            path: std::env::var_os("PATH"),
        }
    }

    fn find(
        &self,
        explicit: Option<&Path>,
        cluster: Option<(&Path, u32)>,
    ) -> Result<Binaries, PgEmbedError> {
        let installed = match explicit {
            Some(directory) => vec![Self::explicit(directory)?],
            None => self.installed()?,
        };
        let Some((directory, major)) = cluster else {
            return installed
                .into_iter()
                .next()
                .ok_or(PgEmbedError::BinariesMissing {
                    too_old: Vec::new(),
                });
        };
        let available = installed.iter().map(Binaries::version).collect();
        installed
            .into_iter()
            .find(|binaries| binaries.version.major == major)
            .ok_or_else(|| PgEmbedError::MajorVersionMismatch {
                directory: directory.to_owned(),
                cluster: major,
                available,
            })
    }

    fn explicit(directory: &Path) -> Result<Binaries, PgEmbedError> {
        let binaries = Binaries::in_directory(directory)?;
        if binaries.version.major < OLDEST_MAJOR {
            let version = binaries.version;
            return Err(PgEmbedError::BinariesTooOld {
                directory: directory.to_owned(),
                version,
            });
        }
        Ok(binaries)
    }

    /// All usable installations, newest first; never empty.
    fn installed(&self) -> Result<Vec<Binaries>, PgEmbedError> {
        let mut seen = BTreeSet::new();
        let mut found = Vec::new();
        for candidate in self.candidates() {
            match Binaries::in_directory(&candidate) {
                Ok(binaries) => {
                    if seen.insert(binaries.directory.clone()) {
                        found.push(binaries);
                    }
                }
                Err(PgEmbedError::BinariesIncomplete { .. }) => {}
                Err(error) => tracing::warn!(%error, "a PostgreSQL installation is passed over"),
            }
        }
        let (mut usable, too_old): (Vec<_>, Vec<_>) = found
            .into_iter()
            .partition(|binaries| binaries.version.major >= OLDEST_MAJOR);
        if usable.is_empty() {
            let too_old = too_old
                .into_iter()
                .map(|binaries| (binaries.directory, binaries.version))
                .collect();
            return Err(PgEmbedError::BinariesMissing { too_old });
        }
        // Stable: of two with the same version the place named first wins.
        usable.sort_by_key(|binaries| std::cmp::Reverse(binaries.version));
        Ok(usable)
    }

    fn candidates(&self) -> Vec<PathBuf> {
        let mut candidates = Vec::new();
        for (parent, prefix, below) in [
            ("usr/lib/postgresql", "", "bin"),
            ("usr", "pgsql-", "bin"),
            ("usr/libexec", "postgresql", ""),
            ("usr/local/lib/postgresql", "", "bin"),
            ("opt/homebrew/opt", "postgresql@", "bin"),
            ("usr/local/opt", "postgresql@", "bin"),
            ("home/linuxbrew/.linuxbrew/opt", "postgresql@", "bin"),
        ] {
            candidates.extend(
                children(&self.root.join(parent), prefix)
                    .into_iter()
                    .map(|child| child.join(below)),
            );
        }
        candidates.extend(
            self.path
                .iter()
                .flat_map(std::env::split_paths)
                .filter(|place| place.is_absolute()),
        );
        candidates
    }
}

/// The entries of `parent` whose names begin with `prefix`, in a fixed order.
fn children(parent: &Path, prefix: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    let fitting = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix));
    let mut children: Vec<_> = fitting.map(|entry| entry.path()).collect();
    children.sort();
    children
}

fn ask_version(server: &Path) -> Result<ServerVersion, PgEmbedError> {
    let unusable = |reason: String| PgEmbedError::BinaryUnusable {
        program: server.to_owned(),
        reason,
    };
    let output = Command::new(server)
        .arg("--version")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| unusable(format!("it cannot be run ({error})")))?;
    let answer = String::from_utf8_lossy(&output.stdout);
    ServerVersion::parse(&answer)
        .filter(|_| output.status.success())
        .ok_or_else(|| {
            let complaint = String::from_utf8_lossy(&output.stderr);
            unusable(format!(
                "{}, it answered {:?}",
                output.status,
                answer.trim().to_owned() + complaint.trim()
            ))
        })
}

#[cfg(test)]
#[path = "binaries_tests.rs"]
mod tests;
