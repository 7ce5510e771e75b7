//! The bundled model on real films, where the shared films are (they are no part of the project).
#![allow(clippy::unwrap_used, reason = "a test may panic anywhere")]

mod support;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use ai::{
    Assessment, CaseContext, EnginePreference, GreyPicture, Model, NotAssessedCode,
    evaluate::{Case, auroc, evaluate},
};

/// The folder of films, from `PORTAL_SHARED_DIR` or beside the project.
fn films() -> Option<PathBuf> {
    let shared = std::env::var_os("PORTAL_SHARED_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let films = shared.join("cxr");
    if films.join("manifest.csv").exists() {
        return Some(films);
    }
    eprintln!("skipped: the shared films are not there");
    None
}

/// Every nth film of the test part, which no member of the package saw, with its label.
fn test_films(films: &Path, every: usize) -> Vec<(PathBuf, bool)> {
    let splits =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/train/splits/kermany.csv");
    let table = fs::read_to_string(splits).unwrap();
    let mut lines = table.lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    let column = |name: &str| header.iter().position(|word| *word == name).unwrap();
    let (file, label, part) = (column("file"), column("label"), column("part"));
    lines
        .map(|line| line.split(',').collect::<Vec<_>>())
        .filter(|row| row[part] == "0")
        .step_by(every)
        .map(|row| (films.join(row[file]), row[label] == "1"))
        .collect()
}

struct Film {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

fn read(path: &Path) -> Film {
    let grey = image::open(path).unwrap().to_luma8();
    Film {
        width: grey.width() as usize,
        height: grey.height() as usize,
        pixels: grey.into_raw(),
    }
}

fn assess(model: &Model, film: &Film) -> Assessment {
    let picture = GreyPicture::new(film.width, film.height, &film.pixels).unwrap();
    model.analyze(&picture, &CaseContext::default())
}

/// How often each reason for no assessment was given; `scored` for none.
fn outcomes<'a>(
    model: &Model,
    films: impl IntoIterator<Item = &'a Film>,
) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for film in films {
        let word = match assess(model, film) {
            Assessment::Scored(_) => "scored",
            Assessment::NotAssessed(refusal) => refusal.code.as_str(),
        };
        *counts.entry(word).or_insert(0) += 1;
    }
    counts
}

#[test]
fn children_are_scored_well_and_spoiled_films_are_not() {
    let (Some(package), Some(folder)) = (support::bundled(), films()) else {
        return;
    };
    let model = Model::load(&package, EnginePreference::Fastest).unwrap();
    let (mut pairs, mut kept, mut cases) = (Vec::new(), Vec::new(), Vec::new());
    for (path, positive) in test_films(&folder, 2) {
        let film = read(&path);
        if let Assessment::Scored(scored) = assess(&model, &film) {
            pairs.push((scored.probability, positive));
            cases.push(Case::at(scored.threshold, scored.probability, positive));
            assert_eq!(scored.probabilities.category(), scored.risk);
        }
        kept.push(film);
    }
    let area = auroc(&pairs).unwrap();
    eprintln!(
        "{} of {} films scored, AUROC {area:.4}",
        pairs.len(),
        kept.len()
    );
    assert!(
        pairs.len() * 20 >= kept.len() * 19,
        "{} of {}",
        pairs.len(),
        kept.len()
    );
    assert!(area > 0.985, "{area}");
    let figures = evaluate(&cases, &[], 1);
    let (sensitivity, specificity) = (
        figures.sensitivity.unwrap().value,
        figures.specificity.unwrap().value,
    );
    let error = figures.expected_calibration_error.unwrap();
    eprintln!(
        "sensitivity {sensitivity:.4}, specificity {specificity:.4}, calibration error {error:.4}"
    );
    assert!(sensitivity >= 0.95 && specificity >= 0.92);
    assert!(error <= 0.04, "{error}");
    kept.truncate(120);

    let inverted: Vec<Film> = kept
        .iter()
        .map(|film| Film {
            pixels: film.pixels.iter().map(|grey| 255 - grey).collect(),
            ..*film
        })
        .collect();
    let upside_down: Vec<Film> = kept
        .iter()
        .map(|film| Film {
            pixels: film.pixels.iter().rev().copied().collect(),
            ..*film
        })
        .collect();
    for (films, code) in [
        (&inverted, NotAssessedCode::Inverted),
        (&upside_down, NotAssessedCode::Rotated),
    ] {
        let counts = outcomes(&model, films);
        eprintln!("{code}: {counts:?}");
        assert!(counts.get("scored").copied().unwrap_or(0) * 50 <= films.len());
        let named = counts.get(code.as_str()).copied().unwrap_or(0);
        assert!(named * 10 >= films.len() * 8, "{code}: {counts:?}");
    }
}

#[test]
fn adults_are_not_assessed() {
    let (Some(package), Some(folder)) = (support::bundled(), films()) else {
        return;
    };
    let model = Model::load(&package, EnginePreference::Fastest).unwrap();
    let adults: Vec<Film> = ["normal", "abnormal"]
        .iter()
        .flat_map(|kind| fs::read_dir(folder.join("nih_cxr14_64px").join(kind)).unwrap())
        .step_by(10)
        .map(|entry| read(&entry.unwrap().path()))
        .collect();
    let counts = outcomes(&model, &adults);
    eprintln!("adults: {counts:?}");
    assert!(adults.len() >= 50);
    assert!(
        counts.get("scored").copied().unwrap_or(0) * 50 <= adults.len(),
        "{counts:?}"
    );
}
