//! `medical-portal audit archive|verify|export|rotate-key`.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result};
use archive::Signature;
use chrono::{DateTime, Utc};
use clap::ValueEnum;
use db::{Actor, audit::Act};
use domain::{
    Clock, SystemClock,
    audit::{AuditAction, AuditFormat, EntityType},
};
use serde_json::json;
use tokio::{fs::File, io::BufWriter};
use trail::{Extent, Newest, PublicKeys, Report};

use crate::{
    audit_trail::{newest_seal_note, signing_keys},
    cli::{
        PlaceArgs,
        audit::{AuditCommand, ExportFormat},
    },
    place::{self, Place},
};

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
        AuditCommand::Verify {
            place,
            files,
            public_keys,
            since,
            json,
        } => {
            if files.is_empty() {
                return verify_database(&place, public_keys, since, json).await;
            }
            let keys = match public_keys {
                Some(path) => PublicKeys::load(&path)?,
                None => usual_keys(&place)?,
            };
            verify_files(&files, &keys, json)
        }
        AuditCommand::Export {
            place,
            format,
            to,
            from,
            until,
        } => {
            let place = Place::open_existing(&place).await?;
            let outcome = export(&place, format, &to, (from, until)).await;
            place.close().await?;
            outcome?;
            Ok(ExitCode::SUCCESS)
        }
        AuditCommand::RotateKey { place } => {
            let place = Place::open_existing(&place).await?;
            let outcome = rotate_key(&place).await;
            place.close().await?;
            outcome?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

async fn archive_due(place: &Place, keep_months: u32, folder: &Path) -> Result<()> {
    let months = archive::due(&place.owner, keep_months).await?;
    if months.is_empty() {
        println!("No month is older than {keep_months} months.");
    }
    for month in months {
        let archived = archive::archive(&place.owner, &month, folder, &signing_keys(place))
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

async fn verify_database(
    args: &PlaceArgs,
    public_keys: Option<PathBuf>,
    since: Option<DateTime<Utc>>,
    json: bool,
) -> Result<ExitCode> {
    let place = Place::open_existing(args).await?;
    let path = public_keys.unwrap_or_else(|| signing_keys(&place).public_path());
    let outcome = async {
        let database = place.database().await?;
        let keys = PublicKeys::load(&path).context(
            "no seal was written here yet: `serve` writes them; name the public keys with --public-keys",
        )?;
        let newest = Newest::read(&newest_seal_note(&place))?;
        let extent = since.map_or(Extent::Whole, Extent::Since);
        let report = trail::verify(&database, &keys, extent, newest).await?;
        database.close().await;
        anyhow::Ok(report)
    }
    .await;
    place.close().await?;
    let report = outcome?;
    if json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print("the database", &report);
    }
    Ok(status(report.is_sound()))
}

/// The public keys of the portal here; without one none is trusted.
fn usual_keys(args: &PlaceArgs) -> Result<PublicKeys> {
    let path = place::data_dir(args, None)?.join("keys/audit-public-keys.txt");
    if !path.exists() {
        eprintln!(
            "{} is not there, so no signature is trusted: name the public keys with --public-keys",
            path.display()
        );
        return Ok(PublicKeys::default());
    }
    Ok(PublicKeys::load(&path)?)
}

fn status(is_sound: bool) -> ExitCode {
    if is_sound {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn print(what: &str, report: &Report) {
    for fault in &report.faults {
        eprintln!("fault: {what}: {fault}");
    }
    let verdict = match report.fault_count {
        0 => "sound".to_owned(),
        count => format!("{count} FAULTS"),
    };
    println!(
        "{what}: {verdict}: {} rows under {} seals are what they were; {} are in archived months, {} wait for the next seal",
        report.rows, report.seals, report.archived, report.waiting
    );
}

fn verify_files(files: &[PathBuf], keys: &PublicKeys, json: bool) -> Result<ExitCode> {
    let mut is_sound = true;
    for file in files {
        let name = file.display().to_string();
        if name.ends_with(".zst") {
            is_sound &= verify_month(file, keys);
            continue;
        }
        let proof = trail::verify_file(file, keys)?;
        is_sound &= proof.report.is_sound();
        if json {
            println!("{}", serde_json::to_string_pretty(&proof)?);
        } else {
            print(&name, &proof.report);
        }
    }
    Ok(status(is_sound))
}

fn verify_month(file: &Path, keys: &PublicKeys) -> bool {
    match archive::verify(file, keys) {
        Ok(proved) => println!(
            "{}: {} rows, sound, chain {}, {}",
            file.display(),
            proved.rows,
            proved.chain,
            match proved.signed {
                Signature::Trusted => "signed",
                Signature::Absent =>
                    "NOT SIGNED: from before there were signatures, or somebody took it off",
            }
        ),
        Err(error) => {
            eprintln!("error: {error}");
            return false;
        }
    }
    true
}

async fn export(place: &Place, format: ExportFormat, to: &Path, span: Span) -> Result<()> {
    let database = place.database().await?;
    let (actor, form) = (Actor::command_line(), format.form());
    let rows = if to == Path::new("-") {
        let mut output = BufWriter::new(tokio::io::stdout());
        trail::formats::write(&database, &actor, form, span, &mut output).await?
    } else {
        let file = File::create_new(to)
            .await
            .with_context(|| format!("cannot make {}", to.display()))?;
        let mut output = BufWriter::new(file);
        let rows = trail::formats::write(&database, &actor, form, span, &mut output).await?;
        output.into_inner().sync_all().await?;
        rows
    };
    let word = format
        .to_possible_value()
        .map(|value| value.get_name().to_owned());
    let mut tx = database.begin(&actor).await?;
    tx.audit(
        Act::new(AuditAction::ExportAudit, EntityType::Audit)
            .new_values(json!({ "format": word, "from": span.0, "until": span.1, "rows": rows })),
    )
    .await?;
    tx.commit().await?;
    database.close().await;
    eprintln!("{rows} rows were exported.");
    if format == ExportFormat::Jsonl {
        eprintln!("Prove them with `medical-portal audit verify FILE`.");
    }
    Ok(())
}

/// From one moment to another, where named.
type Span = (Option<DateTime<Utc>>, Option<DateTime<Utc>>);

impl ExportFormat {
    fn form(self) -> AuditFormat {
        match self {
            Self::Jsonl => AuditFormat::Jsonl,
            Self::Csv => AuditFormat::Csv,
            Self::Fhir => AuditFormat::Fhir,
            Self::Dicom => AuditFormat::Dicom,
        }
    }
}

async fn rotate_key(place: &Place) -> Result<()> {
    let database = place.database().await?;
    let keys = signing_keys(place);
    let key = hex::encode(keys.rotate(SystemClock.now())?.id());
    let mut tx = database.begin(&Actor::command_line()).await?;
    tx.audit(
        Act::new(AuditAction::ChangeKeys, EntityType::Key)
            .new_values(json!({ "signing_key": key })),
    )
    .await?;
    tx.commit().await?;
    database.close().await;
    println!(
        "{key} signs from the next seal on. Give {} to whoever checks the trail.",
        keys.public_path().display()
    );
    Ok(())
}
