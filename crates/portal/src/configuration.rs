//! What must be known before the database is reached: the command line, above the environment, above
//! a TOML file, above the defaults. The file's keys are the options that an environment variable can
//! set too, with underscores: `data_dir`, `database_url`, `listen` …
//!
//! Everything else is a setting in the database (`medical-portal settings`).

use std::{
    ffi::OsString,
    fmt::Write as _,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use clap::{Arg, ArgMatches, Command, CommandFactory, FromArgMatches, parser::ValueSource};

use crate::cli::{self, Cli};

/// Read when it is there and no other is named.
const USUAL_FILE: &str = "/etc/medical-portal/portal.toml";

/// The command line as it counts, after environment, file and defaults.
pub(crate) struct Configuration {
    /// What is to be done.
    pub(crate) cli: Cli,
    /// What is in force, as TOML with where each value comes from; secrets masked.
    pub(crate) printed: String,
}

/// Reads this process's command line, environment and configuration file. Ends the process when the
/// command line is wrong or asks for help, as clap does.
pub(crate) fn read() -> Result<Configuration> {
    read_from(std::env::args_os().collect())
}

fn read_from(arguments: Vec<OsString>) -> Result<Configuration> {
    let file = file_to_read(&arguments);
    let mut command = Cli::command();
    let mut table = toml::Table::new();
    if let Some(file) = &file {
        table = load(file)?;
        command = with_defaults(command, &table, file)?;
    }
    let mut matches = command.clone().get_matches_from(arguments);
    let printed = print(&command, &matches, &table, file.as_deref());
    let cli = Cli::from_arg_matches_mut(&mut matches).unwrap_or_else(|error| error.exit());
    Ok(Configuration { cli, printed })
}

/// The file named by `--config` or `PORTAL_CONFIG`, or the usual one when it is there.
fn file_to_read(arguments: &[OsString]) -> Option<PathBuf> {
    let named = Cli::command()
        .ignore_errors(true)
        .try_get_matches_from(arguments)
        .ok()
        .and_then(|matches| matches.get_one::<PathBuf>("config").cloned());
    named.or_else(|| {
        let usual = PathBuf::from(USUAL_FILE);
        // A user who may not read the system's file runs a portal of their own.
        std::fs::File::open(&usual).is_ok().then_some(usual)
    })
}

fn load(file: &Path) -> Result<toml::Table> {
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("cannot read the configuration {}", file.display()))?;
    let table: toml::Table = text
        .parse()
        .with_context(|| format!("the configuration {} is not TOML", file.display()))?;
    let holds_secret = table.keys().any(|key| cli::SECRETS.contains(&key.as_str()));
    let mode = std::fs::metadata(file)?.permissions().mode();
    if holds_secret && mode & 0o007 != 0 {
        bail!(
            "{} holds secrets and others may read it: chmod 640 {0}, owned by root and the portal's group",
            file.display()
        );
    }
    Ok(table)
}

/// The key of an option in the file, if it may stand there.
fn key(argument: &Arg) -> Option<String> {
    argument.get_env()?;
    let long = argument.get_long()?;
    (long != "config").then(|| long.replace('-', "_"))
}

fn known_keys(command: &Command) -> Vec<String> {
    let mut keys: Vec<String> = command
        .get_arguments()
        .filter_map(key)
        .chain(command.get_subcommands().flat_map(known_keys))
        .collect();
    keys.sort();
    keys.dedup();
    keys
}

fn with_defaults(command: Command, table: &toml::Table, file: &Path) -> Result<Command> {
    let known = known_keys(&command);
    let mut values = Vec::new();
    for (key, value) in table {
        if !known.contains(key) {
            bail!(
                "{}: there is no key {key}; there are: {}",
                file.display(),
                known.join(", ")
            );
        }
        let text = match value {
            toml::Value::String(text) => text.clone(),
            toml::Value::Integer(_) | toml::Value::Boolean(_) | toml::Value::Float(_) => {
                value.to_string()
            }
            _ => bail!(
                "{}: {key} must be a text, a number, true or false",
                file.display()
            ),
        };
        values.push((key.clone(), text));
    }
    Ok(apply(command, &values))
}

fn apply(command: Command, values: &[(String, String)]) -> Command {
    command
        .mut_args(|argument| {
            let key = key(&argument);
            match values.iter().find(|(name, _)| Some(name) == key.as_ref()) {
                Some((_, value)) => argument.default_value(value.clone()),
                None => argument,
            }
        })
        .mut_subcommands(|subcommand| apply(subcommand, values))
}

/// What is in force for the innermost subcommand.
fn print(
    command: &Command,
    matches: &ArgMatches,
    table: &toml::Table,
    file: Option<&Path>,
) -> String {
    let mut text = String::new();
    if let Some(file) = file {
        let _ = writeln!(text, "# with {}", file.display());
    }
    print_level(command, matches, table, &mut text);
    text
}

fn print_level(command: &Command, matches: &ArgMatches, table: &toml::Table, text: &mut String) {
    for argument in command.get_arguments() {
        let Some(key) = key(argument) else { continue };
        let id = argument.get_id().as_str();
        let values: Vec<String> = matches
            .get_raw(id)
            .map(|raw| {
                raw.map(|value| value.to_string_lossy().into_owned())
                    .collect()
            })
            .unwrap_or_default();
        let Some(value) = values.first() else {
            let _ = writeln!(text, "# {key} is not set");
            continue;
        };
        let from = match matches.value_source(id) {
            Some(ValueSource::CommandLine) => "command line",
            Some(ValueSource::EnvVariable) => "environment",
            _ if table.contains_key(&key) => "file",
            _ => "default",
        };
        let _ = writeln!(text, "{key} = {}  # {from}", shown(&key, value));
    }
    if let Some((name, matches)) = matches.subcommand()
        && let Some(command) = command.find_subcommand(name)
    {
        print_level(command, matches, table, text);
    }
}

/// The value as TOML, with secrets masked.
fn shown(key: &str, value: &str) -> String {
    let value = if cli::SECRETS.contains(&key) {
        masked(value)
    } else {
        value.to_owned()
    };
    if value.parse::<i64>().is_ok() || matches!(value.as_str(), "true" | "false") {
        value
    } else {
        toml::Value::String(value).to_string()
    }
}

/// An address without its password; any other secret without anything.
fn masked(value: &str) -> String {
    match url::Url::parse(value) {
        Ok(mut address) => {
            if address.password().is_some() {
                // An address that has a password takes another.
                let _ = address.set_password(Some("***"));
            }
            let pairs: Vec<(String, String)> = address
                .query_pairs()
                .map(|(name, value)| {
                    let secret = name == "password" || name == "sslpassword";
                    (
                        name.into_owned(),
                        if secret {
                            "***".to_owned()
                        } else {
                            value.into_owned()
                        },
                    )
                })
                .collect();
            if !pairs.is_empty() {
                address.query_pairs_mut().clear().extend_pairs(pairs);
            }
            address.to_string()
        }
        Err(_) => "***".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str, mode: u32) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("portal.toml");
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        (folder, path)
    }

    fn read_with(text: &str, mode: u32, arguments: &[&str]) -> Result<Configuration> {
        let (_folder, path) = file(text, mode);
        let mut all = vec![
            "medical-portal".into(),
            "--config".into(),
            path.into_os_string(),
        ];
        all.extend(arguments.iter().map(Into::into));
        read_from(all)
    }

    #[test]
    fn the_command_line_counts_more_than_the_file_and_secrets_are_masked() {
        let text = r#"
            listen = "127.0.0.1:9999"
            workers = 5
            secure_cookies = true
            database_url = "postgres://portal:geheim@db.example.org/portal?sslmode=verify-full&sslpassword=auch"
        "#;
        let configuration = read_with(text, 0o640, &["serve", "--workers", "3"]).unwrap();
        let cli::Command::Serve(serve) = configuration.cli.command else {
            panic!()
        };
        assert_eq!(serve.listen.port(), 9999);
        assert_eq!(serve.workers, 3);
        assert!(serve.secure_cookies);
        assert!(serve.place.database_url.unwrap().contains("geheim"));
        let printed = configuration.printed;
        assert!(
            !printed.contains("geheim") && !printed.contains("auch"),
            "{printed}"
        );
        for line in [
            "listen = \"127.0.0.1:9999\"  # file",
            "workers = 3  # command line",
            "secure_cookies = true  # file",
            "log_format = \"text\"  # default",
            "# pg_bin is not set",
        ] {
            assert!(printed.contains(line), "{line} is not in\n{printed}");
        }
        // What is printed is a file again.
        let again: toml::Table = printed.parse().unwrap();
        assert_eq!(again["workers"].as_integer(), Some(3));
    }

    #[test]
    fn a_wrong_file_is_refused_by_name() {
        let fault = |text: &str, mode| {
            read_with(text, mode, &["serve"])
                .err()
                .map(|error| format!("{error:#}"))
                .unwrap()
        };
        assert!(fault("lisen = 1", 0o644).contains("there is no key lisen; there are:"));
        assert!(fault("listen = ", 0o644).contains("is not TOML"));
        assert!(fault("listen = [1]", 0o644).contains("must be a text"));
        assert!(fault("database_url = 'postgres://a:b@c/d'", 0o644).contains("chmod 640"));
    }
}
