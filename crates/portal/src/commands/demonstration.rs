//! `medical-portal demo generate`.

use anyhow::{Context, Result};
use demo::{FileFormat, FilmModel, GenerateOptions, MANIFEST};
use domain::{Clock, ImageFormat, SystemClock};

use crate::cli::DemoCommand;

/// Runs the command.
pub(super) fn run(command: &DemoCommand) -> Result<()> {
    let DemoCommand::Generate {
        count,
        out,
        seed,
        format,
    } = command;
    std::fs::create_dir_all(out).with_context(|| format!("cannot make {}", out.display()))?;
    let options = GenerateOptions {
        count: *count as usize,
        seed: *seed,
        format: match format {
            ImageFormat::Dicom => FileFormat::Dicom,
            ImageFormat::Png => FileFormat::Png,
            ImageFormat::Jpeg => FileFormat::Jpeg,
        },
        until: SystemClock.now().date_naive(),
    };
    let films = demo::generate(&FilmModel::load()?, &options, out, |_| {})?;
    println!(
        "{} films of nobody and {MANIFEST} are in {}",
        films.len(),
        out.display()
    );
    Ok(())
}
