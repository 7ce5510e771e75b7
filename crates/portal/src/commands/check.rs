//! `medical-portal check`.

use std::{io::IsTerminal, process::ExitCode, sync::Arc};

use anyhow::Result;
use check::{Diagnosis, Outcome, Subject, Wanted};
use domain::SystemClock;
use serde_json::json;

use crate::{audit_trail, cli::CheckArgs, place::Place};

/// Runs the command: exit status 1 when something must be put right.
pub(super) async fn run(args: &CheckArgs) -> Result<ExitCode> {
    let place = match Place::open_existing(&args.place).await {
        Ok(place) => place,
        Err(error) => {
            // Where there is no portal to look at, that is the finding.
            let mut diagnosis = Diagnosis::default();
            diagnosis.fail(
                "database",
                format!("{error:#}"),
                "See docs/OPERATIONS.md, \"The database is down\".",
            );
            print(&diagnosis, args.json)?;
            return Ok(ExitCode::FAILURE);
        }
    };
    let subject = Subject {
        data_dir: place.data_dir().to_owned(),
        blobs: place.blobs()?,
        storage_key: place.storage_key_file.clone(),
        audit_public_keys: audit_trail::signing_keys(&place).public_path(),
        audit_newest_seal: audit_trail::newest_seal_note(&place),
        models: place.models()?,
        owner: place.owner.clone(),
        login: place.login.clone(),
        maintenance: place.maintenance.clone(),
        serving: args.serving.clone().into(),
        backup_key: args.key.key_file.clone().or_else(backup::default_key_path),
        engine: args.engine.into(),
        clock: Arc::new(SystemClock),
    };
    let wanted = Wanted {
        fix: args.fix,
        thorough: args.thorough,
    };
    let diagnosis = check::diagnose(&subject, wanted).await;
    place.close().await?;
    print(&diagnosis, args.json)?;
    Ok(match diagnosis.worst() {
        Outcome::Fail => ExitCode::FAILURE,
        Outcome::Ok | Outcome::Warn => ExitCode::SUCCESS,
    })
}

fn print(diagnosis: &Diagnosis, as_json: bool) -> Result<()> {
    if as_json {
        let value = json!({ "outcome": diagnosis.worst(), "findings": diagnosis.findings });
        println!("{}", serde_json::to_string_pretty(&value)?);
        return Ok(());
    }
    let coloured = std::io::stdout().is_terminal();
    for finding in &diagnosis.findings {
        let (word, colour) = match (finding.fixed, finding.outcome) {
            (true, _) => ("fixed", "36"),
            (false, Outcome::Ok) => ("ok", "32"),
            (false, Outcome::Warn) => ("warn", "33"),
            (false, Outcome::Fail) => ("FAIL", "31"),
        };
        let word = if coloured {
            format!("\u{1b}[{colour}m{word:5}\u{1b}[0m")
        } else {
            format!("{word:5}")
        };
        println!("{word}  {:18}  {}", finding.check, finding.detail);
        if let Some(remedy) = &finding.remedy {
            println!("{:27}→ {remedy}", "");
        }
    }
    let count = |outcome| {
        diagnosis
            .findings
            .iter()
            .filter(|finding| finding.outcome == outcome && !finding.fixed)
            .count()
    };
    println!(
        "\n{} ok, {} to look at, {} to put right",
        count(Outcome::Ok),
        count(Outcome::Warn),
        count(Outcome::Fail)
    );
    Ok(())
}
