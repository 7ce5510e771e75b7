//! Files are opened by children of this program.

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Context, Result};
use decoding::{Decoders, Program};

/// What a child is told. It is no command of the command line: a child has neither configuration nor
/// runtime.
const ARGUMENT: &str = "open-files";

/// Decoders in children of this program, as many a lane as there are processors.
pub(crate) fn of_this_program() -> Result<Decoders> {
    // By this name it is still the program that runs after an upgrade has replaced the file.
    let running = PathBuf::from("/proc/self/exe");
    let path = if running.exists() {
        running
    } else {
        std::env::current_exe().context("cannot find this program to open files with")?
    };
    let program = Program {
        path,
        arguments: vec![ARGUMENT.to_owned()],
    };
    let each = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    Ok(Decoders::in_children(program, each))
}

/// Whether this process is such a child.
pub(crate) fn is_child() -> bool {
    std::env::args_os()
        .nth(1)
        .is_some_and(|first| first == ARGUMENT)
}

/// The child's whole life.
pub(crate) fn serve() -> ExitCode {
    match decoding::child::serve(|_| {}) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
