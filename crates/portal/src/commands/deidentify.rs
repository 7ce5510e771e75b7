//! `medical-portal deidentify`: copies of films without the patient, for research and teaching.

use std::{
    collections::BTreeSet,
    fs,
    io::{BufWriter, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use decoding::{DeidentifyRequest, Lane};
use imaging::{
    Limits,
    deidentify::{BlackoutRule, Deidentified, Profile, Pseudonyms},
};
use serde::Deserialize;
use serde_json::json;

use crate::cli::deidentify::DeidentifyArgs;

/// One line a film: what became of it.
const REPORT: &str = "changes.jsonl";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct BlackoutFile {
    rule: Vec<BlackoutRule>,
}

/// Copies all films. The exit status is 0 when each of them was copied, 1 otherwise.
pub(super) fn run(args: &DeidentifyArgs) -> Result<ExitCode> {
    let request = DeidentifyRequest {
        subject: None,
        profile: profile(args)?,
        pseudonyms: Pseudonyms::new(project_key(&args.project_key)?),
    };
    let decoders = crate::decoders::of_this_program()?;
    let films = films(&args.files)?;
    make_empty_folder(&args.out)?;
    let mut report = BufWriter::new(fs::File::create(args.out.join(REPORT))?);
    let (mut copied, mut refused) = (0, 0);
    let mut patients = BTreeSet::new();
    let mut warnings = BTreeSet::new();
    for film in &films {
        let bytes = fs::read(film).with_context(|| format!("cannot read {}", film.display()))?;
        let copy = decoders.deidentify(
            Lane::Analysis,
            &Bytes::from(bytes),
            request.clone(),
            &Limits::default(),
        );
        match copy {
            Ok(copy) => {
                let name = write(&args.out, &copy)?;
                let line = json!({ "copy": name, "pseudonym": copy.pseudonym, "changes": copy.changes, "warnings": copy.warnings });
                writeln!(report, "{line}")?;
                warnings.extend(copy.warnings.iter().map(ToString::to_string));
                patients.insert(copy.pseudonym);
                copied += 1;
            }
            Err(error) => {
                eprintln!("{}: {error}", film.display());
                refused += 1;
            }
        }
    }
    report.flush()?;
    println!(
        "{copied} films of {} patients copied to {}, {refused} left out; what was changed: {REPORT}",
        patients.len(),
        args.out.display(),
    );
    for warning in warnings {
        println!("Note: {warning}");
    }
    Ok(if refused == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn profile(args: &DeidentifyArgs) -> Result<Profile> {
    let blackout = match &args.blackout {
        None => Vec::new(),
        Some(path) => {
            let text = fs::read_to_string(path)
                .with_context(|| format!("cannot read {}", path.display()))?;
            let file: BlackoutFile = toml::from_str(&text)
                .with_context(|| format!("{} holds no [[rule]] with regions", path.display()))?;
            file.rule
        }
    };
    Ok(Profile {
        clean_descriptors: args.clean_descriptors,
        shift_dates: args.shift_dates,
        retain_device: args.retain_device,
        blackout,
    })
}

/// The secret in the file, or a new one that is written there, readable by its owner alone.
fn project_key(path: &Path) -> Result<[u8; 32]> {
    match fs::read_to_string(path) {
        Ok(text) => {
            let mut key = [0; 32];
            hex::decode_to_slice(text.trim(), &mut key).with_context(|| {
                format!("{} holds no key of 64 hexadecimal digits", path.display())
            })?;
            Ok(key)
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let key: [u8; 32] = ring::rand::generate(&ring::rand::SystemRandom::new())
                .map_err(|_| anyhow::anyhow!("this machine gives no randomness for a key"))?
                .expose();
            let mut options = fs::OpenOptions::new();
            options.write(true).create_new(true);
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let mut file = options
                .open(path)
                .with_context(|| format!("cannot make {}", path.display()))?;
            writeln!(file, "{}", hex::encode(key))?;
            file.sync_all()?;
            Ok(key)
        }
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// The files themselves and those in folders, in order.
fn films(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut films = Vec::new();
    for path in paths {
        let about =
            fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?;
        if !about.is_dir() {
            films.push(path.clone());
            continue;
        }
        let entries = fs::read_dir(path)?.map(|entry| Ok(entry?.path()));
        let mut entries = entries.collect::<Result<Vec<_>>>()?;
        entries.sort();
        films.extend(self::films(&entries)?);
    }
    Ok(films)
}

/// Copies of two runs must not be mixed: each has its own report.
fn make_empty_folder(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    if fs::read_dir(folder)?.next().is_some() {
        bail!("{} is not empty: name a new folder", folder.display());
    }
    Ok(())
}

/// Writes the copy under its pseudonym; gives its path within the folder. No part of it comes from the original.
fn write(out: &Path, copy: &Deidentified) -> Result<String> {
    let folder = format!("{}/{}/{}", copy.pseudonym, copy.study_uid, copy.series_uid);
    fs::create_dir_all(out.join(&folder))?;
    let name = format!("{folder}/{}.dcm", copy.sop_instance_uid);
    let path = out.join(&name);
    fs::write(&path, &copy.bytes).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(name)
}
