//! `pg_dump` and `pg_restore` as streams.

use std::{
    collections::VecDeque,
    io::{self, BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStderr, Command, Stdio},
    thread::JoinHandle,
};

use url::Url;

use crate::BackupError;

/// The folder of PostgreSQL's programs.
#[derive(Debug, Clone)]
pub struct Programs(pub PathBuf);

/// A program with the database it works on. The password travels in the environment, where the
/// process list does not show it.
pub(crate) fn command(program: &Path, database_url: &str) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("PG") {
            command.env_remove(name);
        }
    }
    command.env("LC_ALL", "C").env("PGCONNECT_TIMEOUT", "30");
    let mut address = database_url.to_owned();
    if let Ok(mut url) = Url::parse(database_url) {
        let mut password = url.password().map(str::to_owned).map(|text| decoded(&text));
        if password.is_some() {
            // Fails only for addresses without a host, which have no password here either.
            let _ = url.set_password(None);
        }
        let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        if let Some((_, given)) = pairs.iter().find(|(name, _)| name == "password") {
            password = Some(given.clone());
            url.query_pairs_mut()
                .clear()
                .extend_pairs(pairs.iter().filter(|(name, _)| name != "password"));
        }
        if let Some(password) = password {
            command.env("PGPASSWORD", password);
            address = url.to_string();
        }
    }
    command.arg("--dbname").arg(address);
    command
}

fn decoded(text: &str) -> String {
    // `application/x-www-form-urlencoded` differs from a URL's user part in `+` alone.
    url::form_urlencoded::parse(format!("p={}", text.replace('+', "%2B")).as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

/// A program that is running; killed when dropped.
struct Running {
    child: Child,
    program: &'static str,
    said: Option<JoinHandle<Vec<String>>>,
}

impl Running {
    fn start(mut command: Command, program: &'static str) -> Result<Self, BackupError> {
        let mut child =
            command
                .stderr(Stdio::piped())
                .spawn()
                .map_err(|error| BackupError::Program {
                    program: program.to_owned(),
                    said: format!("it cannot be run: {error}"),
                })?;
        let said = child
            .stderr
            .take()
            .map(|stderr| std::thread::spawn(move || last_lines(stderr)));
        Ok(Self {
            child,
            program,
            said,
        })
    }

    /// Waits for its end; an error when it failed.
    fn finish(mut self) -> Result<(), BackupError> {
        let status = self
            .child
            .wait()
            .map_err(BackupError::io("cannot wait for", self.program))?;
        let said = self
            .said
            .take()
            .and_then(|said| said.join().ok())
            .unwrap_or_default();
        if status.success() {
            return Ok(());
        }
        Err(BackupError::Program {
            program: self.program.to_owned(),
            said: if said.is_empty() {
                status.to_string()
            } else {
                said.join("; ")
            },
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The last lines that name an error; those that could quote rows are left out.
fn last_lines(stderr: ChildStderr) -> Vec<String> {
    const KEPT: usize = 5;
    let mut lines = VecDeque::new();
    for line in BufReader::new(stderr).lines().map_while(Result::ok) {
        if line.contains("error:") || line.contains("ERROR:") || line.contains("FATAL:") {
            lines.push_back(line.trim().to_owned());
            if lines.len() > KEPT {
                lines.pop_front();
            }
        }
    }
    lines.into()
}

impl Programs {
    /// Runs `pg_dump` on a snapshot and hands its archive to `take`. Uncompressed: what comes after
    /// compresses better.
    pub(crate) fn dump<R>(
        &self,
        database_url: &str,
        snapshot: &str,
        take: impl FnOnce(&mut dyn Read) -> Result<R, BackupError>,
    ) -> Result<R, BackupError> {
        let mut command = command(&self.0.join("pg_dump"), database_url);
        command
            .args(["--format=custom", "--compress=0", "--no-tablespaces"])
            .arg(format!("--snapshot={snapshot}"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        let mut running = Running::start(command, "pg_dump")?;
        let mut stdout = running.child.stdout.take().expect("it was asked for");
        let taken = take(&mut stdout)?;
        drop(stdout);
        running.finish()?;
        Ok(taken)
    }

    /// Runs `pg_basebackup` and hands its tar archive to `take`. Returns when the log that the copy needs
    /// was laid aside.
    pub(crate) fn base_backup<R>(
        &self,
        database_url: &str,
        take: impl FnOnce(&mut dyn Read) -> Result<R, BackupError>,
    ) -> Result<R, BackupError> {
        let mut command = command(&self.0.join("pg_basebackup"), database_url);
        command
            .args([
                "--pgdata=-",
                "--format=tar",
                "--wal-method=none",
                "--checkpoint=fast",
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        let mut running = Running::start(command, "pg_basebackup")?;
        let mut stdout = running.child.stdout.take().expect("it was asked for");
        let taken = take(&mut stdout)?;
        drop(stdout);
        running.finish()?;
        Ok(taken)
    }

    /// Runs `pg_restore` into an empty database, in one transaction, and has `give` write the archive.
    pub(crate) fn restore(
        &self,
        database_url: &str,
        give: impl FnOnce(&mut dyn Write) -> Result<(), BackupError>,
    ) -> Result<(), BackupError> {
        let mut command = command(&self.0.join("pg_restore"), database_url);
        command
            .args([
                "--exit-on-error",
                "--single-transaction",
                "--no-tablespaces",
                "--no-password",
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::null());
        let mut running = Running::start(command, "pg_restore")?;
        let mut stdin = running.child.stdin.take().expect("it was asked for");
        let given = give(&mut stdin);
        if given.is_err() && !matches!(given, Err(BackupError::Program { .. })) {
            // The cause is what could not be read; what pg_restore says of half an archive is not.
            return given;
        }
        drop(stdin);
        running.finish()?;
        given
    }
}

/// The error of a program that no longer takes its input: it has said itself why.
pub(crate) fn input_closed(error: &io::Error) -> BackupError {
    BackupError::Program {
        program: "pg_restore".to_owned(),
        said: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_an_argument() {
        for (url, password) in [
            (
                "postgres://admin:a%2Bs%25e+t@db.example.org/portal",
                "a+s%e+t",
            ),
            (
                "postgres:///portal?host=/run&user=a&password=secret",
                "secret",
            ),
        ] {
            let command = command(Path::new("pg_dump"), url);
            let arguments = format!("{:?}", command.get_args().collect::<Vec<_>>());
            assert!(
                !arguments.contains("secret") && !arguments.contains("%25e"),
                "{arguments}"
            );
            let given = command
                .get_envs()
                .find(|(name, _)| *name == "PGPASSWORD")
                .and_then(|(_, value)| value);
            assert_eq!(given.unwrap(), password);
        }
        let url = "postgres:///portal?host=%2Fvar%2Frun&port=5432&user=postgres";
        let command = command(Path::new("pg_dump"), url);
        assert_eq!(command.get_args().last().unwrap(), url);
    }
}
