//! `medical-portal audit archive|verify`.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result};

use crate::{cli::audit::AuditCommand, place::Place};

/// The archive's folder in the data folder.
pub(crate) const FOLDER: &str = "audit-archive";

/// Runs the command.
pub(super) async fn run(command: AuditCommand) -> Result<ExitCode> {
    match command {
        AuditCommand::Archive {
            place,
            keep_months,
            to,
        } => {
            let place = Place::open_existing(&place).await?;
            let folder = to.unwrap_or_else(|| place.data_dir().join(FOLDER));
            let outcome = archive_due(&place, keep_months, &folder).await;
            place.close().await?;
            outcome?;
            Ok(ExitCode::SUCCESS)
        }
        AuditCommand::Verify { files } => Ok(verify(&files)),
    }
}

async fn archive_due(place: &Place, keep_months: u32, folder: &Path) -> Result<()> {
    let months = archive::due(&place.owner, keep_months).await?;
    if months.is_empty() {
        println!("No month is older than {keep_months} months.");
    }
    for month in months {
        let archived = archive::archive(&place.owner, &month, folder)
            .await
            .with_context(|| format!("{month} stays in the database"))?;
        println!(
            "{month}: {} rows are in {}; keep it as long as the law wants",
            archived.proved.rows,
            archived.file.display()
        );
    }
    Ok(())
}

fn verify(files: &[PathBuf]) -> ExitCode {
    let mut is_sound = true;
    for file in files {
        match archive::verify(file) {
            Ok(proved) => println!(
                "{}: {} rows, sound, chain {}",
                file.display(),
                proved.rows,
                proved.chain
            ),
            Err(error) => {
                is_sound = false;
                eprintln!("error: {error}");
            }
        }
    }
    if is_sound {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
