//! Drawn films as files, and as the bundled model sees them.

// Helpers of tests may stop with the reason, as tests do.
#![allow(clippy::unwrap_used)]

use std::{collections::BTreeSet, path::Path, time::Instant};

use ai::{Assessment, CaseContext, EnginePreference, GreyPicture, Model, Package};
use chrono::{NaiveDate, NaiveDateTime};
use demo::{
    DemoPatient, FileFormat, Film, FilmClass, FilmModel, GenerateOptions, MANIFEST, Storage, Study,
    View, generate, hand, study,
};
use domain::patient::Gender;
use imaging::{Limits, Raster, Samples};
use proptest::prelude::*;

fn model() -> FilmModel {
    FilmModel::load().unwrap()
}

fn patient() -> DemoPatient {
    DemoPatient {
        identifier: "DEMO-1".to_owned(),
        given_name: "Ada".to_owned(),
        born: NaiveDate::from_ymd_opt(2020, 6, 15).unwrap(),
        gender: Gender::Female,
    }
}

fn noon() -> NaiveDateTime {
    NaiveDate::from_ymd_opt(2024, 3, 1)
        .unwrap()
        .and_hms_opt(12, 0, 0)
        .unwrap()
}

fn a_study(patient: &DemoPatient, inverted: bool) -> Study<'_> {
    Study {
        patient,
        taken_at: noon(),
        accession_number: "D1",
        view: View::Ap,
        inverted,
        storage: Storage::Plain,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_dicom_file_gives_back_the_samples(seed: u64, sick: bool, inverted: bool) {
        let class = if sick { FilmClass::Pneumonia } else { FilmClass::Normal };
        let film = Film::draw(&model(), class, seed);
        let patient = patient();
        let bytes = a_study(&patient, inverted).dicom(&film).unwrap();
        let Raster::Grey(grey) = imaging::decode(&bytes, 0, &Limits::default()).unwrap() else {
            panic!("a grey film became a coloured one")
        };
        prop_assert_eq!((grey.width, grey.height, grey.bits_stored), (film.width, film.height, 12));
        prop_assert_eq!(grey.inverted, inverted);
        let stored: Vec<u16> = match &grey.samples {
            Samples::U16(samples) => samples.clone(),
            other => panic!("unexpected samples {other:?}"),
        };
        let expected: Vec<u16> =
            film.samples.iter().map(|sample| if inverted { 4095 - sample } else { *sample }).collect();
        prop_assert_eq!(stored, expected);
        // Whichever way it is stored, it looks the same; the standard's window is not symmetric by
        // one sample, which is less than a grey level.
        let shown = imaging::render(&Raster::Grey(grey), None);
        let pairs = shown.pixels().iter().zip(film.to_picture().into_pixels());
        prop_assert!(pairs.into_iter().all(|(shown, meant)| shown.abs_diff(meant) <= 1));
    }
}

#[test]
fn the_header_says_that_the_film_is_synthetic() {
    let film = Film::draw(&model(), FilmClass::Normal, 1);
    let patient = patient();
    let bytes = a_study(&patient, false).dicom(&film).unwrap();
    let inspection = imaging::inspect(&bytes, &Limits::default()).unwrap();
    insta::assert_json_snapshot!(inspection.dicom);
    let image = inspection.dicom.unwrap();
    assert_eq!(image.burned_in_annotation, Some(true));
    assert!(!image.truncated && !image.transfer_syntax_guessed);
}

#[test]
fn pngs_and_jpegs_show_the_film() {
    let film = Film::draw(&model(), FilmClass::Pneumonia, 2);
    let limits = Limits::default();
    let decode = |bytes: &[u8]| imaging::render(&imaging::decode(bytes, 0, &limits).unwrap(), None);
    let meant = film.to_picture().into_pixels();
    assert_eq!(decode(&study::png(&film).unwrap()).into_pixels(), meant);
    let jpeg = decode(&study::jpeg(&film).unwrap())
        .to_grey()
        .into_owned()
        .into_pixels();
    let error: u64 = jpeg
        .iter()
        .zip(&meant)
        .map(|(a, b)| u64::from(a.abs_diff(*b)))
        .sum();
    assert!(error as f64 / meant.len() as f64 <= 3.0);
}

#[test]
fn a_film_in_a_syntax_that_is_not_decoded_is_still_a_dicom_file() {
    let film = Film::draw(&model(), FilmClass::Normal, 1);
    let patient = patient();
    let study = Study {
        storage: Storage::Encapsulated,
        ..a_study(&patient, false)
    };
    let bytes = study.dicom(&film).unwrap();
    let header = imaging::inspect(&bytes, &Limits::default())
        .unwrap()
        .dicom
        .unwrap();
    assert!(
        !imaging::transfer_syntax::is_decodable(&header.transfer_syntax_uid),
        "choose another syntax"
    );
    assert!(!header.truncated && !header.transfer_syntax_guessed);
    assert_eq!(header.patient_name.as_deref(), Some("Ada Demo"));
    assert!(imaging::decode(&bytes, 0, &Limits::default()).is_err());
}

#[test]
fn a_folder_of_films_is_the_same_for_the_same_seed() {
    let parent = tempfile::tempdir().unwrap();
    let until = noon().date();
    let make = |name: &str, seed: u64, format: FileFormat| {
        let options = GenerateOptions {
            count: 10,
            seed,
            format,
            until,
        };
        let folder = parent.path().join(name);
        let mut calls = 0;
        let films = generate(&model(), &options, &folder, |done| {
            calls += 1;
            assert_eq!(done, calls);
        })
        .unwrap();
        assert_eq!((films.len(), calls), (10, 10));
        let bytes: Vec<Vec<u8>> = films
            .iter()
            .map(|film| std::fs::read(folder.join(&film.file)).unwrap())
            .collect();
        let manifest = std::fs::read_to_string(folder.join(MANIFEST)).unwrap();
        (films, bytes, manifest)
    };
    let (films, bytes, manifest) = make("a", 7, FileFormat::Dicom);
    assert_eq!((bytes.clone(), manifest.clone()), {
        let (_, bytes, manifest) = make("b", 7, FileFormat::Dicom);
        (bytes, manifest)
    });
    let (_, others, _) = make("c", 8, FileFormat::Dicom);
    let different: BTreeSet<&Vec<u8>> = bytes.iter().chain(&others).collect();
    assert_eq!(different.len(), 20, "films of different seeds are the same");
    let mut lines = manifest.lines();
    assert_eq!(lines.next(), Some("file,label,class,seed,patient"));
    for (film, line) in films.iter().zip(lines) {
        let start = format!("{},{},", film.file, film.class.label());
        assert!(line.starts_with(&start), "{line}");
        assert!(line.ends_with(&film.patient.identifier), "{line}");
    }
    let limits = Limits::default();
    let mut uids = BTreeSet::new();
    let mut inverted = 0;
    for (film, bytes) in films.iter().zip(&bytes) {
        let header = imaging::inspect(bytes, &limits).unwrap().dicom.unwrap();
        assert_eq!(
            header.patient_id.as_deref(),
            Some(film.patient.identifier.as_str())
        );
        let (study, born) = (
            header.study_date_time.unwrap().date(),
            header.patient_birth_date.unwrap(),
        );
        let years = study.years_since(born).unwrap();
        assert!((1..=5).contains(&years), "{years} years");
        assert_eq!(header.patient_age_years, Some(f64::from(years)));
        assert!(study <= until);
        inverted += u32::from(header.photometric.as_deref() == Some("MONOCHROME1"));
        uids.extend([header.study_uid, header.series_uid, header.sop_instance_uid]);
    }
    assert_eq!((inverted, uids.len()), (2, 30));
    assert!(
        make("p", 7, FileFormat::Png)
            .1
            .iter()
            .all(|file| file.starts_with(b"\x89PNG"))
    );
    assert!(
        make("j", 7, FileFormat::Jpeg)
            .1
            .iter()
            .all(|file| file.starts_with(b"\xff\xd8"))
    );
}

fn bundled() -> Model {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/chest-paediatric");
    Model::load(&Package::open(&folder).unwrap(), EnginePreference::Fastest).unwrap()
}

fn assess(model: &Model, bytes: &[u8]) -> Assessment {
    let raster = imaging::decode(bytes, 0, &Limits::default()).unwrap();
    let shown = imaging::render(&raster, None).to_grey().into_owned();
    let (width, height) = (shown.width() as usize, shown.height() as usize);
    let picture = GreyPicture::new(width, height, shown.pixels()).unwrap();
    model.analyze(&picture, &CaseContext::default())
}

/// Share of pairs that the scores order rightly.
fn auroc(sick: &[f64], healthy: &[f64]) -> f64 {
    let wins: f64 = sick
        .iter()
        .flat_map(|s| {
            healthy.iter().map(move |h| {
                if s > h {
                    1.0
                } else {
                    f64::from(u8::from(s == h)) / 2.0
                }
            })
        })
        .sum();
    wins / (sick.len() * healthy.len()) as f64
}

#[test]
fn the_bundled_model_takes_the_films_and_tells_the_classes_apart() {
    let (films, judge, patient) = (model(), bundled(), patient());
    let mut scores = [Vec::new(), Vec::new()];
    let mut called = [[0u32; 3]; 2];
    let each = 110;
    for (place, class) in [FilmClass::Normal, FilmClass::Pneumonia]
        .into_iter()
        .enumerate()
    {
        for seed in 0..each {
            let film = Film::draw(&films, class, seed);
            let bytes = a_study(&patient, seed % 5 == 4).dicom(&film).unwrap();
            match assess(&judge, &bytes) {
                Assessment::Scored(scored) => {
                    scores[place].push(scored.probability);
                    called[place][scored.risk as usize] += 1;
                }
                Assessment::NotAssessed(refusal) => {
                    println!("{class:?} {seed}: {}", refusal.reason);
                }
            }
        }
    }
    let [healthy, sick] = &scores;
    let accepted = (healthy.len() + sick.len()) as f64 / (2 * each) as f64;
    let area = auroc(sick, healthy);
    println!("accepted {accepted:.3}, AUROC {area:.4}; low, medium, high: {called:?}");
    assert!(accepted >= 0.95, "accepted {accepted}");
    assert!(area >= 0.95, "AUROC {area}");
}

#[test]
fn the_bundled_model_refuses_the_hand() {
    let Assessment::NotAssessed(refusal) = assess(&bundled(), &hand::png(512).unwrap()) else {
        panic!("a hand was scored as a chest film")
    };
    println!("{}: {}", refusal.code, refusal.reason);
}

#[test]
#[ignore = "takes the time; run with --release -- --ignored --nocapture"]
fn a_film_takes_at_most_thirty_milliseconds() {
    let started = Instant::now();
    let films = FilmModel::load().unwrap();
    println!("load {:.2} ms", started.elapsed().as_secs_f64() * 1000.0);
    let folder = tempfile::tempdir().unwrap();
    for format in [FileFormat::Dicom, FileFormat::Png, FileFormat::Jpeg] {
        let options = GenerateOptions {
            count: 100,
            seed: 1,
            format,
            until: noon().date(),
        };
        let started = Instant::now();
        generate(&films, &options, folder.path(), |_| ()).unwrap();
        let each = started.elapsed().as_secs_f64() * 10.0;
        println!("{format:?}: {each:.1} ms a film");
        assert!(each <= 30.0);
    }
}
