//! Discovery on made-up file systems, with scripts that answer as servers do.

use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;

/// A made-up system; its `PATH` is `bin` below the root.
struct System {
    directory: tempfile::TempDir,
}

impl System {
    fn new() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
        }
    }

    fn root(&self) -> PathBuf {
        self.directory.path().canonicalize().unwrap()
    }

    fn install(&self, place: &str, version: &str) -> PathBuf {
        let directory = self.root().join(place);
        fs::create_dir_all(&directory).unwrap();
        for program in ["postgres", "initdb"] {
            let path = directory.join(program);
            fs::write(
                &path,
                format!("#!/bin/sh\necho '{program} (PostgreSQL) {version}'\n"),
            )
            .unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        directory
    }

    fn places(&self) -> Places {
        Places {
            root: self.root(),
            path: Some(self.root().join("bin").into()),
        }
    }
}

#[test]
fn the_newest_of_several_places_is_taken() {
    let system = System::new();
    system.install("usr/lib/postgresql/9.6/bin", "9.6.24");
    system.install(
        "usr/lib/postgresql/15/bin",
        "15.14 (Debian 15.14-0+deb12u1)",
    );
    let newest = system.install("opt/homebrew/opt/postgresql@17/bin", "17.2 (Homebrew)");
    system.install("usr/pgsql-16/bin", "16.9");
    let found = system.places().find(None, None).unwrap();
    assert_eq!(found.directory(), newest);
    assert_eq!(
        found.version(),
        ServerVersion {
            major: 17,
            minor: 2
        }
    );
}

#[test]
fn links_in_path_lead_to_the_installation() {
    let system = System::new();
    let installation = system.install("opt/somewhere/bin", "16.1");
    fs::create_dir_all(system.root().join("bin")).unwrap();
    symlink(
        installation.join("postgres"),
        system.root().join("bin/postgres"),
    )
    .unwrap();
    assert_eq!(
        system.places().find(None, None).unwrap().directory(),
        installation
    );
}

#[test]
fn an_existing_cluster_gets_the_version_it_was_made_by() {
    let system = System::new();
    let fitting = system.install("usr/lib/postgresql/15/bin", "15.14");
    system.install("usr/lib/postgresql/17/bin", "17.2");
    let cluster = Path::new("/data/postgres");
    let found = system.places().find(None, Some((cluster, 15))).unwrap();
    assert_eq!(found.directory(), fitting);

    let error = system.places().find(None, Some((cluster, 16))).unwrap_err();
    insta::assert_snapshot!(error, @"
    the database in /data/postgres was made by PostgreSQL 16, which is not installed here (found: 17.2, 15.14).
    Install PostgreSQL 16 next to it (Debian, Ubuntu: apt install postgresql-16) or name its directory with --pg-bin; both versions can be installed side by side.
    To move to a newer version: back up with the old version, start on an empty data directory with the new one and restore, or run pg_upgrade.
    ");
}

#[test]
fn an_explicit_directory_is_the_only_place() {
    let system = System::new();
    system.install("usr/lib/postgresql/15/bin", "15.14");
    let explicit = system.install("custom", "14.3");
    assert_eq!(
        system
            .places()
            .find(Some(&explicit), None)
            .unwrap()
            .version()
            .major,
        14
    );

    let error = system
        .places()
        .find(Some(&explicit), Some((Path::new("/data/postgres"), 15)))
        .unwrap_err();
    assert!(
        matches!(
            error,
            PgEmbedError::MajorVersionMismatch { cluster: 15, .. }
        ),
        "{error}"
    );

    let old = system.install("old", "13.9");
    let error = system.places().find(Some(&old), None).unwrap_err();
    assert!(
        matches!(error, PgEmbedError::BinariesTooOld { .. }),
        "{error}"
    );

    fs::remove_file(old.join("initdb")).unwrap();
    let error = system
        .places()
        .find(Some(&old), None)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("has no program `initdb`") && error.contains("--pg-bin"),
        "{error}"
    );
}

#[test]
fn a_missing_installation_says_what_to_install() {
    let system = System::new();
    let error = system.places().find(None, None).unwrap_err();
    insta::assert_snapshot!(error, @"
    no PostgreSQL server of version 14 or newer was found.
    Install it:
      Debian, Ubuntu:  apt install postgresql
      Fedora, RHEL:    dnf install postgresql-server
      macOS:           brew install postgresql@17
    or name the directory that holds `postgres` and `initdb` with --pg-bin, or set DATABASE_URL to use a server that runs already.
    Looked in: /usr/lib/postgresql/*/bin, /usr/pgsql-*/bin, /usr/libexec/postgresql*, Homebrew's postgresql@* and PATH.
    ");

    let directory = system.install("usr/lib/postgresql/12/bin", "12.22");
    let error = system.places().find(None, None).unwrap_err().to_string();
    assert!(
        error.contains(&format!("(too old: 12.22 in {})", directory.display())),
        "{error}"
    );
}

#[test]
fn a_program_that_is_no_server_is_passed_over() {
    let system = System::new();
    let broken = system.install("usr/lib/postgresql/17/bin", "17.2");
    fs::write(
        broken.join("postgres"),
        "#!/bin/sh\necho 'cannot open libicu.so' >&2; exit 127\n",
    )
    .unwrap();
    let working = system.install("usr/lib/postgresql/15/bin", "15.14");
    assert_eq!(
        system.places().find(None, None).unwrap().directory(),
        working
    );

    let error = system
        .places()
        .find(Some(&broken), None)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("cannot open libicu.so") && error.contains("127"),
        "{error}"
    );
}

#[test]
fn a_tool_that_is_not_installed_is_named() {
    let system = System::new();
    system.install("usr/lib/postgresql/15/bin", "15.14");
    let error = system
        .places()
        .find(None, None)
        .unwrap()
        .tool("pg_dump")
        .unwrap_err();
    assert!(
        matches!(error, PgEmbedError::BinariesIncomplete { ref program, .. } if program == "pg_dump"),
        "{error}"
    );
}
