//! Runs a command with DATABASE_URL set to a scratch database that has every migration; both are gone
//! afterwards. Needs no checked query to compile, so it works while `.sqlx` is out of step.

use std::{
    path::Path,
    process::{Command, ExitCode},
};

use pg_embed::{Cluster, ClusterOptions};

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let Some(program) = arguments.next() else {
        eprintln!("usage: scratch_database COMMAND [ARGUMENT ...]");
        return ExitCode::from(2);
    };
    match with_database(|url| {
        let status = Command::new(&program)
            .args(arguments)
            .env("DATABASE_URL", url)
            .status()?;
        Ok(status.success())
    }) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("scratch_database: {error}");
            ExitCode::FAILURE
        }
    }
}

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn with_database(work: impl FnOnce(&str) -> Outcome<bool>) -> Outcome<bool> {
    let folder =
        std::env::temp_dir().join(format!("medical-portal-scratch-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let outcome = (|| {
        let mut options = ClusterOptions::new(&folder);
        options.extra_settings = vec![("fsync".to_owned(), "off".to_owned())];
        let cluster = Cluster::start(&options)?;
        migrate(&cluster)?;
        let outcome = work(&cluster.url("postgres", "postgres"));
        cluster.stop()?;
        outcome
    })();
    std::fs::remove_dir_all(&folder)?;
    outcome
}

fn migrate(cluster: &Cluster) -> Outcome<()> {
    let database = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../database");
    let mut migrations: Vec<_> =
        std::fs::read_dir(database.join("migrations"))?.collect::<Result<Vec<_>, _>>()?;
    migrations.sort_by_key(std::fs::DirEntry::file_name);
    let mut psql = Command::new(cluster.binaries().tool("psql")?);
    psql.args([
        "-X",
        "-q",
        "-v",
        "ON_ERROR_STOP=1",
        "-d",
        &cluster.url("postgres", "postgres"),
    ]);
    psql.arg("-f")
        .arg(database.join("roles.sql"))
        .args(["-c", "SET ROLE portal_owner"]);
    for migration in migrations {
        psql.arg("-f").arg(migration.path());
    }
    if psql.status()?.success() {
        Ok(())
    } else {
        Err("the migrations did not run".into())
    }
}
