//! Checking a package in a process of its own.

use std::{
    io::Read,
    path::Path,
    process::{Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};

use super::{ImportRefused, Refusal, check_for_import};
use crate::{EngineKind, Package, PackageError};

/// Memory a child may take beside several copies of the model file, in bytes: programs and libraries
/// mapped into it, and what a film needs on its way through the network.
pub const CHILD_MEMORY: u64 = 2_000_000_000;
/// Copies of the model file that the engines may hold at once: the file, each engine's own, and
/// weights laid out anew for speed.
const COPIES: u64 = 5;
/// Longest time that trying a model may take; whoever imports hears within two minutes.
pub const TRIAL: Duration = Duration::from_secs(100);
/// What a child writes before its answer.
const MARK: &str = "medical-portal-model-check ";

/// What a child found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
enum Answer {
    Admitted {
        engines: Vec<EngineKind>,
        notes: Vec<String>,
    },
    Refused {
        refusals: Vec<Refusal>,
    },
}

/// The child's side: limits this process's memory, checks the package and writes the answer to
/// standard output. The caller then ends the process.
///
/// # Errors
/// When the limit cannot be set or the answer cannot be written.
pub fn child(directory: &Path) -> std::io::Result<()> {
    use std::io::Write;
    let file = std::fs::metadata(directory.join("model.onnx")).map_or(0, |about| about.len());
    limit_memory(CHILD_MEMORY + COPIES * file.min(crate::LARGEST_MODEL))?;
    let answer = match check_for_import(directory) {
        Ok(admitted) => Answer::Admitted {
            engines: admitted.golden.iter().map(|report| report.engine).collect(),
            notes: admitted.notes,
        },
        Err(refused) => Answer::Refused {
            refusals: refused.refusals,
        },
    };
    let mut out = std::io::stdout().lock();
    writeln!(out, "\n{MARK}{}", serde_json::to_string(&answer)?)?;
    out.flush()
}

#[cfg(unix)]
fn limit_memory(bytes: u64) -> std::io::Result<()> {
    let (_, hard) = rlimit::Resource::AS.get()?;
    let limit = bytes.min(hard);
    rlimit::Resource::AS.set(limit, limit)
}

#[cfg(not(unix))]
fn limit_memory(_bytes: u64) -> std::io::Result<()> {
    Ok(())
}

/// The parent's side: starts `command` (this program, told to call [`child`]), waits at most
/// `deadline` and opens the package when the child admitted it. Gives the package and the notes.
///
/// # Errors
/// [`ImportRefused`]: the child's reasons, or that it crashed or took too long.
pub fn check_in_child(
    command: Command,
    directory: &Path,
    deadline: Duration,
) -> Result<(Package, Vec<String>), ImportRefused> {
    let refuse = |part: &str, reason: String| ImportRefused {
        refusals: vec![Refusal {
            part: part.to_owned(),
            reason,
        }],
    };
    // Opened first: a model swapped during the check no longer has this digest.
    let opened = Package::open(directory);
    let (status, output) =
        run_child(command, deadline).map_err(|reason| refuse("model.onnx", reason))?;
    let answer = output
        .lines()
        .filter_map(|line| line.split_once(MARK))
        .find_map(|(_, answer)| serde_json::from_str(answer).ok());
    match (answer, opened) {
        (Some(Answer::Refused { refusals }), _) => Err(ImportRefused { refusals }),
        (Some(Answer::Admitted { notes, .. }), Ok(package)) => {
            let changed = |error: PackageError| refuse("package", error.to_string());
            package.model_bytes().map_err(changed)?;
            Ok((package, notes))
        }
        (Some(Answer::Admitted { .. }), Err(error)) => Err(refuse("package", error.to_string())),
        (None, _) => Err(refuse(
            "model.onnx",
            format!(
                "the process that tried the model ended without an answer ({status}): the model needs more memory than the {} GB it may have, or crashes its engine",
                CHILD_MEMORY / 1_000_000_000
            ),
        )),
    }
}

fn run_child(mut command: Command, deadline: Duration) -> Result<(ExitStatus, String), String> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("the process that tries the model could not start: {error}"))?;
    let reader = child.stdout.take().map(|mut stdout| {
        thread::spawn(move || {
            let mut text = String::new();
            // A broken pipe leaves what was read; the answer's absence then speaks for itself.
            let _ = stdout.by_ref().take(1 << 20).read_to_string(&mut text);
            text
        })
    });
    let started = Instant::now();
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if started.elapsed() < deadline => thread::sleep(Duration::from_millis(20)),
            Ok(None) => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!(
                    "trying the model took longer than {} s and was stopped",
                    deadline.as_secs()
                ));
            }
            Err(error) => {
                return Err(format!(
                    "the process that tries the model was lost: {error}"
                ));
            }
        }
    };
    let text = reader
        .and_then(|reader| reader.join().ok())
        .unwrap_or_default();
    Ok((status, text))
}
