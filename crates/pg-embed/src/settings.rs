//! The server's settings: which of them the portal insists on, and which an operator may change.

use std::path::Path;

use crate::error::PgEmbedError;

/// Part of the socket's name; nothing listens on a port.
pub(crate) const PORT: u16 = 5432;

/// Written to the end of a new cluster's `postgresql.conf`: sized for one clinical machine that also runs the portal
/// and its model. An operator changes them there, with `ALTER SYSTEM`, or through `extra_settings`.
pub(crate) const INITIAL: &str = "
# Set by the portal when it made this cluster. Change freely; they are read at the server's start.
shared_buffers = 128MB
max_connections = 60
max_wal_size = 1GB
checkpoint_timeout = 15min
wal_compression = on
# Solid-state disks: a random page costs hardly more than the next one.
random_page_cost = 1.1
# The portal's queries are short; compiling them takes longer than running them.
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
";

/// What the safety of data and access rests on. Given on the command line at every start, so that neither a file nor
/// `ALTER SYSTEM` weakens it.
const GUARDED: [(&str, &str); 24] = [
    ("listen_addresses", ""),
    ("unix_socket_permissions", "0700"),
    ("unix_socket_group", ""),
    ("cluster_name", "medical-portal"),
    // The log: seven files, one a weekday, each emptied when its day comes round again.
    ("logging_collector", "on"),
    ("log_destination", "stderr"),
    ("log_filename", "postgresql-%a.log"),
    ("log_file_mode", "0600"),
    ("log_rotation_age", "1d"),
    ("log_rotation_size", "0"),
    ("log_truncate_on_rotation", "on"),
    // Patient data stays out of it: no statements, no parameters, and no details, which quote rows and keys.
    ("log_error_verbosity", "terse"),
    ("log_min_error_statement", "panic"),
    ("log_statement", "none"),
    ("log_min_duration_statement", "-1"),
    ("log_min_duration_sample", "-1"),
    ("log_statement_sample_rate", "0"),
    ("log_transaction_sample_rate", "0"),
    ("log_parameter_max_length", "0"),
    ("log_parameter_max_length_on_error", "0"),
    ("log_statement_stats", "off"),
    ("debug_print_parse", "off"),
    ("debug_print_rewritten", "off"),
    ("debug_print_plan", "off"),
];

/// Guarded as well, with values that depend on the place.
const PLACED: [&str; 8] = [
    "port",
    "unix_socket_directories",
    "log_directory",
    "data_directory",
    "hba_file",
    "ident_file",
    "external_pid_file",
    "config_file",
];

/// Durability; a caller may weaken it for throw-away clusters of tests.
const DURABLE: [(&str, &str); 3] = [
    ("fsync", "on"),
    ("full_page_writes", "on"),
    ("synchronous_commit", "on"),
];

/// Refuses settings that are guarded or whose names would not reach the server as one setting.
pub(crate) fn check_extra(extra: &[(String, String)]) -> Result<(), PgEmbedError> {
    for (name, value) in extra {
        let refused = |reason| PgEmbedError::SettingRefused {
            name: name.clone(),
            reason,
        };
        let is_name =
            |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '.');
        if name.is_empty() || !name.chars().all(is_name) {
            return Err(refused("a name consists of letters, digits, `_` and `.`"));
        }
        if value.contains('\0') {
            return Err(refused("its value contains a NUL byte"));
        }
        let lower = name.to_ascii_lowercase();
        if GUARDED.iter().any(|(guarded, _)| *guarded == lower) || PLACED.contains(&lower.as_str())
        {
            return Err(refused(
                "the portal sets it: it decides who can connect or what the log reveals",
            ));
        }
    }
    Ok(())
}

/// The server's arguments after `-D`; a later one wins over an earlier one.
pub(crate) fn arguments(
    socket_directory: &Path,
    log_directory: &Path,
    has_statement_statistics: bool,
    outgoing_wal: Option<&Path>,
    extra: &[(String, String)],
) -> Vec<String> {
    let mut settings: Vec<(String, String)> = Vec::new();
    let mut add = |name: &str, value: &str| settings.push((name.to_owned(), value.to_owned()));
    DURABLE.iter().for_each(|(name, value)| add(name, value));
    if has_statement_statistics {
        add("shared_preload_libraries", "pg_stat_statements");
        // Constants in queries are replaced before they are kept; those in utility statements are not.
        add("pg_stat_statements.track_utility", "off");
    }
    if let Some(outgoing) = outgoing_wal {
        add("archive_mode", "on");
        add("archive_command", &archive_command(outgoing));
        // Of what is committed, at most a minute waits for its segment to fill.
        add("archive_timeout", "60");
    }
    extra.iter().for_each(|(name, value)| add(name, value));
    GUARDED.iter().for_each(|(name, value)| add(name, value));
    add("port", &PORT.to_string());
    add(
        "unix_socket_directories",
        &quoted_list_entry(socket_directory),
    );
    add("log_directory", &log_directory.to_string_lossy());
    settings
        .into_iter()
        .flat_map(|(name, value)| ["-c".to_owned(), format!("{name}={value}")])
        .collect()
}

/// Copies a finished piece of the write-ahead log aside: under another name first, made durable, renamed. One
/// that is there already must be the same. The portal takes them from there, with the key and credentials that
/// the server's account does not have.
fn archive_command(outgoing: &Path) -> String {
    let folder = outgoing.to_string_lossy().replace('%', "%%");
    let quoted = format!("'{}'", folder.replace('\'', "'\\''"));
    format!(
        "d={quoted}; if [ -f \"$d/%f\" ]; then cmp -s \"%p\" \"$d/%f\"; else cp \"%p\" \"$d/%f.part\" && sync \"$d/%f.part\" && mv \"$d/%f.part\" \"$d/%f\" && sync \"$d\"; fi"
    )
}

/// One entry of a comma-separated list of directories; quotes keep commas and spaces in it.
fn quoted_list_entry(directory: &Path) -> String {
    format!("\"{}\"", directory.to_string_lossy().replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extra(name: &str, value: &str) -> Vec<(String, String)> {
        vec![(name.to_owned(), value.to_owned())]
    }

    #[test]
    fn guarded_settings_are_refused_however_they_are_written() {
        for name in [
            "listen_addresses",
            "Listen_Addresses",
            "PORT",
            "log_statement",
            "data_directory",
            "",
            "a=b",
            "a b",
        ] {
            let error = check_extra(&extra(name, "x")).unwrap_err();
            assert!(
                matches!(error, PgEmbedError::SettingRefused { .. }),
                "{name}: {error}"
            );
        }
        check_extra(&extra("shared_buffers", "1GB")).unwrap();
        check_extra(&extra("pg_stat_statements.max", "100")).unwrap();
    }

    #[test]
    fn the_command_line_is_as_reviewed() {
        let line = arguments(
            Path::new("/data/a, \"b\"/run"),
            Path::new("/data/log"),
            true,
            None,
            &extra("work_mem", "16MB"),
        );
        insta::assert_snapshot!(line.join("\n").replace("-c\n", ""), @r#"
        fsync=on
        full_page_writes=on
        synchronous_commit=on
        shared_preload_libraries=pg_stat_statements
        pg_stat_statements.track_utility=off
        work_mem=16MB
        listen_addresses=
        unix_socket_permissions=0700
        unix_socket_group=
        cluster_name=medical-portal
        logging_collector=on
        log_destination=stderr
        log_filename=postgresql-%a.log
        log_file_mode=0600
        log_rotation_age=1d
        log_rotation_size=0
        log_truncate_on_rotation=on
        log_error_verbosity=terse
        log_min_error_statement=panic
        log_statement=none
        log_min_duration_statement=-1
        log_min_duration_sample=-1
        log_statement_sample_rate=0
        log_transaction_sample_rate=0
        log_parameter_max_length=0
        log_parameter_max_length_on_error=0
        log_statement_stats=off
        debug_print_parse=off
        debug_print_rewritten=off
        debug_print_plan=off
        port=5432
        unix_socket_directories="/data/a, ""b""/run"
        log_directory=/data/log
        "#);
    }
}
