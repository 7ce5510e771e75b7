//! A network of another maker runs by its description alone: DenseNet-121 as torchxrayvision and
//! CheXpert trained it, here with random weights, described by the files of `models/examples`.
#![allow(clippy::unwrap_used, reason = "a test may panic anywhere")]

mod support;

use std::time::Instant;

use ai::{
    Assessment, CaseContext, EngineOptions, GreyPicture, Manifest, Model, Package, Scored,
    manifest::{Head, ManifestError},
    manifest_import::check_for_import,
};
use domain::RiskCategory;
use onnx_kit::{DenseNet, MADE_UP_FIGURES, PackageWriter};

const TORCHXRAYVISION: &str =
    include_str!("../../../models/examples/densenet121-torchxrayvision.toml");
const CHEXPERT: &str = include_str!("../../../models/examples/densenet121-chexpert.toml");

fn package(model: &DenseNet, example: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    PackageWriter {
        model: model.to_bytes(),
        manifest: format!("{example}{MADE_UP_FIGURES}"),
    }
    .write(folder.path())
    .unwrap();
    folder
}

fn film(width: usize, height: usize) -> Vec<u8> {
    (0..width * height)
        .map(|at| {
            let (x, y) = (at % width, at / width);
            (60 + (x * 7 + y * 3) % 90 + (x * y / 50) % 60) as u8
        })
        .collect()
}

fn score(model: &Model, width: usize, height: usize) -> Scored {
    let pixels = film(width, height);
    let picture = GreyPicture::new(width, height, &pixels).unwrap();
    match model.analyze(&picture, &CaseContext::default()) {
        Assessment::Scored(scored) => *scored,
        Assessment::NotAssessed(refusal) => panic!("{refusal:?}"),
    }
}

/// The film through every engine that is here; the answers must agree.
fn in_every_engine(folder: &std::path::Path) -> Scored {
    let package = Package::open(folder).unwrap();
    let mut all = Vec::new();
    for preference in support::engines() {
        let model = Model::load(&package, EngineOptions::from(preference)).unwrap();
        let scored = score(&model, 1024, 1180);
        let started = Instant::now();
        for _ in 0..3 {
            score(&model, 1024, 1180);
        }
        let each = started.elapsed().as_secs_f64() * 1000.0 / 3.0;
        eprintln!(
            "{} {}: {each:.0} ms a film, one thread",
            package.manifest.name,
            model.engine()
        );
        all.push(scored);
    }
    for pair in all.windows(2) {
        assert_eq!(pair[0].findings.len(), pair[1].findings.len());
        for finding in &pair[0].findings {
            let other = pair[1].findings.iter().find(|one| one.name == finding.name);
            let gap = (finding.probability - other.unwrap().probability).abs();
            assert!(gap < 1e-3, "{finding:?} {other:?}");
        }
        assert_eq!(pair[0].input_sha256, pair[1].input_sha256);
    }
    all.swap_remove(0)
}

#[test]
fn a_torchxrayvision_network_runs_by_its_description() {
    let model = DenseNet::default();
    let bytes = model.to_bytes();
    let summary = ai::graph::inspect(&bytes).unwrap();
    // 6,966,034 as PyTorch counts densenet121 with one input channel and 18 classes: without the
    // running statistics of its normalisations.
    let trained = summary.parameters - running_statistics();
    assert_eq!(trained, 6_966_034);
    let folder = package(&model, TORCHXRAYVISION);
    let admitted = check_for_import(folder.path()).unwrap();
    assert!(
        admitted
            .notes
            .iter()
            .any(|note| note.contains("no heatmap")),
        "{:?}",
        admitted.notes
    );
    let scored = in_every_engine(folder.path());
    assert_eq!(scored.findings.len(), 18);
    assert_eq!(scored.heatmap, None);
    assert!(scored.findings.iter().all(|one| one.region.is_none()));
    let steps: Vec<&str> = scored
        .preprocessing_steps
        .iter()
        .map(|step| step.detail.as_str())
        .collect();
    assert_eq!(
        steps,
        [
            "1024 x 1180 to 224 x 224, middle 1024 x 1024, triangle filter",
            "0..255 to -1024..1024"
        ]
    );
    assert_risk_follows_the_rules(&scored, TORCHXRAYVISION);
}

/// Mean and variance of every normalised channel: stem, layers, transitions, end.
fn running_statistics() -> u64 {
    let mut channels = 64u64;
    let mut normalised = channels;
    for (block, layers) in [6u64, 12, 24, 16].into_iter().enumerate() {
        for _ in 0..layers {
            normalised += channels + 128;
            channels += 32;
        }
        normalised += channels;
        if block < 3 {
            channels /= 2;
        }
    }
    2 * normalised
}

fn assert_risk_follows_the_rules(scored: &Scored, example: &str) {
    let manifest = Manifest::parse(&format!("{example}{MADE_UP_FIGURES}")).unwrap();
    let Head::Findings { findings, .. } = manifest.head else {
        panic!("a findings head");
    };
    let mut gravest = RiskCategory::Low;
    for rule in findings {
        let found = scored.findings.iter().find(|one| one.name == rule.name);
        let found = found.unwrap();
        assert_eq!(found.severity, rule.category(found.probability));
        assert!(found.severity <= rule.highest);
        gravest = gravest.max(found.severity);
    }
    assert_eq!(scored.risk, gravest);
    let shares = scored.probabilities;
    assert_eq!(shares.category(), scored.risk);
    assert!((shares.low + shares.medium + shares.high - 1.0).abs() < 1e-9);
}

#[test]
fn a_chexpert_network_has_a_place_for_each_finding() {
    let model = DenseNet {
        channels: 3,
        outputs: 5,
        input_deviation: 1.0,
        probabilities: false,
        maps: true,
        seed: 7,
        ..DenseNet::default()
    };
    let folder = package(&model, CHEXPERT);
    let admitted = check_for_import(folder.path()).unwrap();
    assert!(admitted.notes.iter().all(|note| !note.contains("heatmap")));
    let scored = in_every_engine(folder.path());
    assert_eq!(scored.findings.len(), 5);
    assert_risk_follows_the_rules(&scored, CHEXPERT);
    for finding in &scored.findings {
        if finding.severity == RiskCategory::Low {
            assert_eq!(finding.region, None);
        }
    }
}

#[test]
fn findings_may_be_left_out_by_description() {
    let cut = TORCHXRAYVISION
        .find("[[head.findings]]\nname = \"Pleural")
        .unwrap();
    let rest = TORCHXRAYVISION.find("[calibration]").unwrap();
    let fewer = format!("{}{}", &TORCHXRAYVISION[..cut], &TORCHXRAYVISION[rest..]);
    let folder = package(&DenseNet::default(), &fewer);
    check_for_import(folder.path()).unwrap();
    let model = Model::load(
        &Package::open(folder.path()).unwrap(),
        ai::EnginePreference::BuiltIn,
    );
    let scored = score(&model.unwrap(), 400, 300);
    assert_eq!(scored.findings.len(), 9);
    assert!(scored.findings.iter().all(|one| one.name != "Hernia"));
}

#[test]
fn an_example_alone_is_refused_for_want_of_figures() {
    for example in [TORCHXRAYVISION, CHEXPERT] {
        let error = Manifest::parse(example).unwrap_err();
        assert!(
            matches!(error, ManifestError::Key { ref key, .. } if key == "(top)"),
            "{error}"
        );
        let training = &MADE_UP_FIGURES[..MADE_UP_FIGURES.find("[evaluation]").unwrap()];
        let error = Manifest::parse(&format!("{example}{training}")).unwrap_err();
        assert!(
            error.to_string().contains("evaluation: is missing"),
            "{error}"
        );
    }
}
