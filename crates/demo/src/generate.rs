//! A folder of films with a list of what they show.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use chrono::{Duration, NaiveDate, NaiveTime};
use rand::RngExt;

use crate::{
    DemoPatient, FileFormat, Film, FilmClass, FilmFileError, FilmModel, Storage, Study, View,
    randomness, study,
};

/// What is to be made.
#[derive(Debug, Clone, Copy)]
pub struct GenerateOptions {
    /// How many films; classes take turns, normal first.
    pub count: usize,
    /// Decides everything: the same options give the same files.
    pub seed: u64,
    /// The kind of files.
    pub format: FileFormat,
    /// The last study day; films are spread over the 30 days up to it.
    pub until: NaiveDate,
}

/// One film of a folder; a row of `manifest.csv`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GeneratedFilm {
    /// The file's name in the folder.
    pub file: String,
    /// What it shows.
    pub class: FilmClass,
    /// The film's own seed.
    pub seed: u64,
    /// Whose it is said to be.
    pub patient: DemoPatient,
}

/// Why a folder could not be filled.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// A film could not become a file.
    #[error(transparent)]
    Film(#[from] FilmFileError),
    /// A file could not be written.
    #[error("cannot write {path}: {source}", path = path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// The list's name in the folder.
pub const MANIFEST: &str = "manifest.csv";

/// Draws films into a folder, and then writes `manifest.csv` with the columns `file`, `label`
/// (`NORMAL` or `PNEUMONIA`), `class`, `seed` and `patient` (the Patient ID). Calls `done` after each
/// film with the number of films made.
///
/// # Errors
/// When a file cannot be written; those before it stay, and there is no manifest.
pub fn generate(
    model: &FilmModel,
    options: &GenerateOptions,
    folder: &Path,
    mut done: impl FnMut(usize),
) -> Result<Vec<GeneratedFilm>, GenerateError> {
    let write = |path: PathBuf, bytes: &[u8]| {
        fs::write(&path, bytes).map_err(|source| GenerateError::Io { path, source })
    };
    fs::create_dir_all(folder).map_err(|source| GenerateError::Io {
        path: folder.to_owned(),
        source,
    })?;
    let mut films = Vec::with_capacity(options.count);
    let mut manifest = "file,label,class,seed,patient\n".to_owned();
    for number in 1..=options.count {
        let (film, bytes) = one(model, options, number)?;
        write(folder.join(&film.file), &bytes)?;
        let GeneratedFilm {
            file,
            class,
            seed,
            patient,
        } = &film;
        let (label, word) = (class.label(), class.as_str());
        manifest.push_str(&format!(
            "{file},{label},{word},{seed},{}\n",
            patient.identifier
        ));
        films.push(film);
        done(number);
    }
    write(folder.join(MANIFEST), manifest.as_bytes())?;
    Ok(films)
}

fn one(
    model: &FilmModel,
    options: &GenerateOptions,
    number: usize,
) -> Result<(GeneratedFilm, Vec<u8>), GenerateError> {
    let mut random = randomness::stream(&format!("folder/{number}"), options.seed);
    let seed: u64 = random.random();
    let class = if number % 2 == 1 {
        FilmClass::Normal
    } else {
        FilmClass::Pneumonia
    };
    let day = options.until - Duration::days(random.random_range(0..30));
    let taken_at = day.and_time(NaiveTime::MIN) + Duration::seconds(random.random_range(0..86_400));
    let identifier = format!("DEMO-{:08X}-{number:05}", options.seed & 0xFFFF_FFFF);
    let patient = DemoPatient::child(&mut random, identifier, day);
    let drawn = Film::draw(model, class, seed);
    let bytes = match options.format {
        FileFormat::Png => study::png(&drawn)?,
        FileFormat::Jpeg => study::jpeg(&drawn)?,
        FileFormat::Dicom => Study {
            patient: &patient,
            taken_at,
            accession_number: &format!("D{number:05}"),
            view: if random.random_bool(0.8) {
                View::Ap
            } else {
                View::Pa
            },
            inverted: number.is_multiple_of(5),
            storage: Storage::Plain,
        }
        .dicom(&drawn)?,
    };
    let file = format!("film-{number:05}.{}", options.format.extension());
    Ok((
        GeneratedFilm {
            file,
            class,
            seed,
            patient,
        },
        bytes,
    ))
}
