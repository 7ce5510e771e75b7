//! `medical-portal completions` and `medical-portal man`: what a package puts beside the binary, made
//! from the command line's own description.

use std::path::Path;

use anyhow::{Context, Result};
use clap::CommandFactory;
use clap_complete::Shell;

use crate::cli::Cli;

const NAME: &str = "medical-portal";

/// Prints the completions.
pub(super) fn completions(shell: Shell) -> Result<()> {
    // Into memory first: the generator panics where the reader has gone away.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), NAME, &mut script);
    std::io::Write::write_all(&mut std::io::stdout(), &script)
        .context("cannot print the completions")
}

/// Writes a manual page for the program and for each subcommand.
pub(super) fn pages(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    clap_mangen::generate_to(Cli::command(), folder)
        .with_context(|| format!("cannot write the manual pages into {}", folder.display()))
}
