//! The gate, measured through the whole way of a film (`analysis::examine`): what must not be judged
//! is refused, what may be judged is not. Only where the shared films are, which are no part of the
//! project.
//!
//! `cargo test -p analysis --test gate` looks at a sample; with `-- --ignored --nocapture` at
//! everything, and prints the figures of the model's card.
#![allow(clippy::unwrap_used, reason = "a test may panic anywhere")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use ai::{EnginePreference, Model, Package};
use analysis::{Beside, FilmAssessment, examine};
use bytes::Bytes;
use decoding::Decoders;
use domain::RiskCategory;
use imaging::{Limits, Picture};

/// Frontal chest films among the DICOM files, by the beginning of their names: all of adults, one
/// with black and white swapped. Found by looking at every picture of that folder.
const ADULT_CHESTS: [&str; 4] = ["13d378bf", "c70c14a1", "cd42cef2", "e04e2bdd"];

/// Files by name.
type Files = Vec<(String, Bytes)>;

/// What came of a group of pictures.
#[derive(Debug, Default)]
struct Tally {
    pictures: usize,
    scored: Vec<(String, RiskCategory)>,
    refused: BTreeMap<String, usize>,
}

impl Tally {
    fn of(model: &Model, pictures: impl IntoIterator<Item = (String, Bytes)>) -> Self {
        let mut tally = Self::default();
        for (name, bytes) in pictures {
            tally.pictures += 1;
            match examine(
                &bytes,
                model,
                &Decoders::in_threads(),
                &Limits::default(),
                &Beside::default(),
            ) {
                Ok(FilmAssessment::Scored(scored)) => tally.scored.push((name, scored.risk)),
                Ok(FilmAssessment::NotAssessed { code, reason, .. }) => {
                    assert!(!reason.is_empty(), "{name}: {code} without a sentence");
                    *tally.refused.entry(code).or_default() += 1;
                }
                Err(error) => *tally.refused.entry(error.code().to_owned()).or_default() += 1,
            }
        }
        tally
    }

    fn report(&self, group: &str) -> &Self {
        let names: Vec<&String> = self.scored.iter().map(|(name, _)| name).take(8).collect();
        println!(
            "{group}: {} pictures, {} scored {names:?}, refused {:?}",
            self.pictures,
            self.scored.len(),
            self.refused
        );
        assert!(self.pictures > 0, "{group}: nothing to look at");
        self
    }

    /// At most this share of the group is scored.
    fn scored_at_most(&self, share: f64) {
        assert!(
            self.scored.len() as f64 <= share * self.pictures as f64,
            "{:?} of {}",
            self.scored,
            self.pictures
        );
    }

    fn none_is_low(&self) {
        let low = self
            .scored
            .iter()
            .filter(|(_, risk)| *risk == RiskCategory::Low);
        assert_eq!(low.count(), 0, "{:?}", self.scored);
    }
}

fn shared() -> Option<PathBuf> {
    let shared = std::env::var_os("PORTAL_SHARED_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    if shared.join("cxr/manifest.csv").exists() && shared.join("dicom").is_dir() {
        return Some(shared);
    }
    eprintln!("skipped: the shared films are not there");
    None
}

fn bundled() -> Model {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/chest-paediatric");
    Model::load(&Package::open(&folder).unwrap(), EnginePreference::Fastest).unwrap()
}

/// Files of a split list of the recipe whose column has a value.
fn listed(list: &str, column: &str, values: &[&str]) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/train/splits");
    let table = fs::read_to_string(path.join(list)).unwrap();
    let mut lines = table.lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    let at = header.iter().position(|word| *word == column).unwrap();
    lines
        .map(|line| line.split(',').collect::<Vec<_>>())
        .filter(|row| values.contains(&row[at]))
        .map(|row| row[0].to_owned())
        .collect()
}

fn read(path: &Path) -> Bytes {
    fs::read(path).unwrap().into()
}

fn films(shared: &Path, files: &[String], every: usize) -> Files {
    files
        .iter()
        .step_by(every)
        .map(|file| (file.clone(), read(&shared.join("cxr").join(file))))
        .collect()
}

/// A file's picture as the model sees it, grey.
fn decoded(bytes: &Bytes) -> Option<Picture> {
    let raster = imaging::guard::decode_guarded(
        bytes.as_ref().into(),
        0,
        Limits::default(),
        Duration::from_secs(20),
    )
    .ok()?;
    Some(imaging::render(&raster, None).to_grey().into_owned())
}

/// The picture alone, without a word about it.
fn png(picture: &Picture) -> Bytes {
    picture.encode_png().unwrap().into()
}

/// All DICOM files, (adult chests, everything else).
fn dicom(shared: &Path) -> (Files, Files) {
    let mut paths: Vec<PathBuf> = fs::read_dir(shared.join("dicom"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "dcm"))
        .collect();
    paths.sort();
    let name = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
    paths
        .iter()
        .map(|path| (name(path), read(path)))
        .partition(|(name, _)| ADULT_CHESTS.iter().any(|start| name.starts_with(start)))
}

/// Those that hold a picture, as PNG; each picture once, though it may be stored in many ways.
fn pictures(files: &[(String, Bytes)]) -> Files {
    let mut seen = BTreeSet::new();
    files
        .iter()
        .filter_map(|(name, bytes)| Some((name.clone(), png(&decoded(bytes)?))))
        .filter(|(_, bytes)| seen.insert(bytes.clone()))
        .collect()
}

fn mapped(picture: &Picture, change: impl Fn(u8) -> u8) -> Picture {
    let pixels = picture.pixels().iter().copied().map(change).collect();
    Picture::grey(picture.width(), picture.height(), pixels)
}

/// A part of the picture, from (left, top), in shares of its sides.
fn part(picture: &Picture, left: f64, top: f64, width: f64, height: f64) -> Picture {
    let side = |share: f64, whole: u32| (share * f64::from(whole)) as usize;
    let (x0, y0) = (side(left, picture.width()), side(top, picture.height()));
    let (w, h) = (side(width, picture.width()), side(height, picture.height()));
    let row = picture.width() as usize;
    let pixels = (y0..y0 + h)
        .flat_map(|y| {
            picture.pixels()[y * row + x0..y * row + x0 + w]
                .iter()
                .copied()
        })
        .collect();
    Picture::grey(w as u32, h as u32, pixels)
}

/// A quarter turn clockwise.
fn quarter(picture: &Picture) -> Picture {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let pixels = (0..width)
        .flat_map(|y| (0..height).map(move |x| (height - 1 - x) * width + y))
        .map(|at| picture.pixels()[at])
        .collect();
    Picture::grey(picture.height(), picture.width(), pixels)
}

/// A film's spoiled kinds, by name.
fn spoiled(film: &Picture) -> Vec<(&'static str, Picture)> {
    let once = quarter(film);
    let twice = quarter(&once);
    vec![
        ("turned 270", quarter(&twice)),
        ("inverted", mapped(film, |grey| 255 - grey)),
        (
            "inverted, low contrast",
            mapped(film, |grey| 200 - grey / 2),
        ),
        ("turned 90", once),
        ("turned 180", twice),
        ("left half", part(film, 0.0, 0.0, 0.5, 1.0)),
        ("lower half", part(film, 0.0, 0.5, 1.0, 0.5)),
        ("middle quarter", part(film, 0.25, 0.25, 0.5, 0.5)),
        ("upper right quarter", part(film, 0.5, 0.0, 0.5, 0.5)),
        ("blank", mapped(film, |_| 127)),
    ]
}

fn spoiled_films(films: &[(String, Bytes)]) -> BTreeMap<&'static str, Files> {
    let mut groups: BTreeMap<&'static str, Files> = BTreeMap::new();
    for (name, bytes) in films {
        for (kind, picture) in spoiled(&decoded(bytes).unwrap()) {
            groups
                .entry(kind)
                .or_default()
                .push((name.clone(), png(&picture)));
        }
    }
    groups
}

/// The whole measurement, on every nth film.
fn measure(every: usize) {
    let Some(shared) = shared() else { return };
    let model = bundled();

    let (adults, others) = dicom(&shared);
    assert_eq!(adults.len(), ADULT_CHESTS.len());
    Tally::of(&model, others.clone())
        .report("other DICOM files")
        .scored_at_most(0.01);
    Tally::of(&model, pictures(&others))
        .report("their pictures alone")
        .scored_at_most(0.01);
    Tally::of(&model, adults.clone())
        .report("adult chests, DICOM")
        .scored_at_most(0.0);
    Tally::of(&model, pictures(&adults))
        .report("adult chests, picture alone")
        .none_is_low();

    for (group, parts) in [
        ("unseen", &["0", "1", "2", "3"][..]),
        ("seen", &["4", "5", "6", "7", "8", "9"][..]),
    ] {
        let files = listed("nih.csv", "part", parts);
        let tally = Tally::of(&model, films(&shared, &files, 2 * every - 1));
        tally
            .report(&format!("adults of ChestX-ray14, {group}"))
            .none_is_low();
        tally.scored_at_most(0.02);
    }

    let unseen = listed("kermany.csv", "part", &["0"]);
    let inside = films(&shared, &unseen, every);
    let tally = Tally::of(&model, inside);
    tally.report("unseen films of children");
    assert!(
        (tally.pictures - tally.scored.len()) as f64 <= 0.02 * tally.pictures as f64,
        "{:?} of {} refused",
        tally.refused,
        tally.pictures
    );
    for (kind, group) in spoiled_films(&films(&shared, &unseen, 6 * every)) {
        let tally = Tally::of(&model, group);
        tally.report(&format!("unseen films, {kind}"));
        if kind.starts_with("inverted") {
            tally.scored_at_most(0.0);
            let named = tally.refused.get("inverted").copied().unwrap_or(0);
            assert!(named * 10 >= tally.pictures * 9, "{:?}", tally.refused);
        } else {
            tally.scored_at_most(0.01);
        }
    }
}

#[test]
fn what_must_not_be_judged_is_refused() {
    measure(2);
}

#[test]
#[ignore = "minutes in a debug build; its figures stand in the model's card"]
fn everything_measured() {
    measure(1);
}
