//! One film through a model, in every engine that is here.
#![allow(clippy::unwrap_used, reason = "a test may panic anywhere")]

mod support;

use ai::{
    Assessment, CaseContext, EngineOptions, EnginePreference, GreyPicture, Model, NotAssessed,
    NotAssessedCode, Scored, Side, Zone,
};
use domain::RiskCategory;

/// A picture from a function of x and y in 0 to 1.
fn picture(width: usize, height: usize, grey: impl Fn(f64, f64) -> f64) -> Vec<u8> {
    let mut pixels = Vec::with_capacity(width * height);
    for y in 0..height {
        for x in 0..width {
            let (x, y) = (
                (x as f64 + 0.5) / width as f64,
                (y as f64 + 0.5) / height as f64,
            );
            pixels.push(grey(x, y).clamp(1.0, 254.0) as u8);
        }
    }
    pixels
}

/// What the test model's scope takes for a film: bright above, bright in the middle. `level`
/// shifts the whole, `patch` brightens the lower corner on the viewer's left.
fn film(level: f64, patch: f64) -> impl Fn(f64, f64) -> f64 {
    move |x, y| {
        let middle = (x - 0.5).abs().max((y - 0.5).abs()) < 0.25;
        let corner = x < 0.25 && y > 0.75;
        level
            + if y < 0.5 { 40.0 } else { 0.0 }
            + if middle { 60.0 } else { 0.0 }
            + if corner { patch } else { 0.0 }
    }
}

fn analyze(model: &Model, pixels: &[u8], width: usize, height: usize) -> Assessment {
    let picture = GreyPicture::new(width, height, pixels).unwrap();
    model.analyze(&picture, &CaseContext::default())
}

fn scored(assessment: Assessment) -> Scored {
    match assessment {
        Assessment::Scored(scored) => *scored,
        Assessment::NotAssessed(refusal) => panic!("not assessed: {refusal:?}"),
    }
}

fn refused(assessment: Assessment) -> NotAssessed {
    match assessment {
        Assessment::NotAssessed(refusal) => refusal,
        Assessment::Scored(scored) => panic!("scored: {scored:?}"),
    }
}

#[test]
fn golden_outputs_hold_in_every_engine() {
    let mut packages: Vec<_> = ["binary", "softmax", "findings"]
        .map(support::package)
        .into();
    packages.extend(support::bundled());
    for package in packages {
        for model in support::models(&package) {
            let report = model.verify_golden().unwrap();
            eprintln!("{}: {report:?}", package.manifest.name);
            assert!(report.values >= report.cases);
        }
    }
}

#[test]
fn a_film_is_scored_with_all_that_belongs_to_it() {
    let pixels = picture(300, 200, film(60.0, 0.0));
    for model in support::models(&support::package("binary")) {
        let scored = scored(analyze(&model, &pixels, 300, 200));
        // The map's mean is (mean grey - 100) / 20; calibration 1.5 * logit + 0.25.
        let mean = 60.0 + 20.0 + 15.0;
        let expected = 1.0 / (1.0 + f64::exp(-(1.5 * (mean - 100.0) / 20.0 + 0.25)));
        assert!((scored.probability - expected).abs() < 0.01, "{scored:?}");
        assert_eq!(scored.risk, RiskCategory::Medium);
        assert_eq!(scored.probabilities.category(), scored.risk);
        assert_eq!(scored.confidence, scored.probabilities.medium);
        assert_eq!(scored.threshold, 0.2);
        assert!(scored.scope.unwrap() > 0.99);
        assert_eq!(scored.features.as_ref().unwrap().len(), 2);
        assert_eq!(scored.engine, model.engine());
        assert_eq!(scored.model_sha256.len(), 64);
        assert_eq!(scored.input_sha256.len(), 64);
        assert_eq!(
            (scored.model_name.as_str(), scored.model_version.as_str()),
            ("binary", "0.1.0")
        );
        assert_eq!(scored.findings.len(), 1);
        assert!(scored.quality.score > 0.0 && scored.quality.score <= 1.0);
        insta::assert_json_snapshot!("preprocessing", scored.preprocessing_steps);
    }
}

#[test]
fn both_engines_say_the_same_of_the_same_film() {
    let pixels = picture(170, 140, film(70.0, 50.0));
    for name in ["binary", "softmax", "findings"] {
        let models = support::models(&support::package(name));
        let all: Vec<Scored> = models
            .iter()
            .map(|model| scored(analyze(model, &pixels, 170, 140)))
            .collect();
        for pair in all.windows(2) {
            assert!((pair[0].probability - pair[1].probability).abs() < 1e-3);
            assert_eq!(pair[0].risk, pair[1].risk);
            assert_eq!(pair[0].input_sha256, pair[1].input_sha256);
        }
    }
}

#[test]
fn risk_rises_with_the_score_and_agrees_with_its_shares() {
    let model = Model::load(&support::package("binary"), EnginePreference::BuiltIn).unwrap();
    let mut seen = Vec::new();
    for level in [5.0, 45.0, 60.0, 90.0, 130.0] {
        let scored = scored(analyze(
            &model,
            &picture(128, 128, film(level, 0.0)),
            128,
            128,
        ));
        let shares = scored.probabilities;
        assert!((shares.low + shares.medium + shares.high - 1.0).abs() < 1e-12);
        assert_eq!(shares.category(), scored.risk);
        seen.push((scored.risk, scored.probability));
    }
    assert!(
        seen.is_sorted_by(|a, b| a.0 <= b.0 && a.1 < b.1),
        "{seen:?}"
    );
    assert_eq!(seen.first().unwrap().0, RiskCategory::Low);
    assert_eq!(seen.last().unwrap().0, RiskCategory::High);
}

#[test]
fn a_planted_patch_is_where_the_map_peaks() {
    let model = Model::load(&support::package("binary"), EnginePreference::BuiltIn).unwrap();
    let scored = scored(analyze(
        &model,
        &picture(128, 256, film(45.0, 200.0)),
        128,
        256,
    ));
    let region = scored.findings[0].region.unwrap();
    assert_eq!((region.side, region.zone), (Side::Right, Zone::Lower));
    let heatmap = scored.heatmap.unwrap();
    assert_eq!((heatmap.width, heatmap.height), (4, 4));
    assert_eq!(heatmap.values[3 * 4], 255);
    assert!((heatmap.strength - scored.probability).abs() < 1e-12);
}

#[test]
fn low_findings_have_no_region() {
    let model = Model::load(&support::package("binary"), EnginePreference::BuiltIn).unwrap();
    let scored = scored(analyze(
        &model,
        &picture(128, 128, film(5.0, 0.0)),
        128,
        128,
    ));
    assert_eq!(scored.risk, RiskCategory::Low);
    assert_eq!(scored.findings[0].region, None);
}

#[test]
fn what_is_no_film_is_not_assessed_and_says_why() {
    let upright = film(60.0, 0.0);
    for model in support::models(&support::package("binary")) {
        let ask = |grey: &dyn Fn(f64, f64) -> f64| {
            refused(analyze(&model, &picture(128, 128, grey), 128, 128))
        };
        for (grey, code) in [
            (
                &(|x, y| 255.0 - upright(x, y)) as &dyn Fn(f64, f64) -> f64,
                NotAssessedCode::Inverted,
            ),
            (&|x, y| upright(1.0 - x, 1.0 - y), NotAssessedCode::Rotated),
            (&|x, y| upright(y, x), NotAssessedCode::Rotated),
            (&|x, y| upright(y, 1.0 - x), NotAssessedCode::Rotated),
            // Stripes: neither half nor the middle is brighter, whichever way it is turned.
            (
                &|x, _| {
                    if (x * 8.0) as i64 % 2 == 0 {
                        90.0
                    } else {
                        110.0
                    }
                },
                NotAssessedCode::OutsideIntendedUse,
            ),
        ] {
            let refusal = ask(grey);
            assert_eq!(refusal.code, code, "{refusal:?}");
            assert!(refusal.scope.unwrap() < 0.5);
            assert!(refusal.quality.is_some());
        }
        assert_eq!(ask(&|_, _| 90.0).code, NotAssessedCode::BlankImage);
    }
}

#[test]
fn the_header_is_asked_before_the_model() {
    let model = Model::load(&support::package("binary"), EnginePreference::BuiltIn).unwrap();
    let pixels = picture(128, 128, film(60.0, 0.0));
    let picture = GreyPicture::new(128, 128, &pixels).unwrap();
    let adult = CaseContext {
        age_years: Some(44.0),
        modality: Some("DX".into()),
        body_part: Some("CHEST".into()),
        view_position: Some("PA".into()),
    };
    let refusal = refused(model.analyze(&picture, &adult));
    assert_eq!(refusal.code, NotAssessedCode::OutsideAgeRange);
    assert_eq!(refusal.scope, None);
    let child = CaseContext {
        age_years: Some(4.0),
        ..adult
    };
    scored(model.analyze(&picture, &child));
}

#[test]
fn numbers_that_are_none_are_a_failure_and_never_low() {
    let folder = support::with_model("not_a_number");
    let package = ai::Package::open(folder.path()).unwrap();
    for model in support::models(&package) {
        let pixels = picture(128, 128, film(60.0, 0.0));
        let refusal = refused(analyze(&model, &pixels, 128, 128));
        assert_eq!(refusal.code, NotAssessedCode::ModelFailed);
        assert!(refusal.reason.contains("logit"), "{refusal:?}");
        assert!(refusal.scope.is_some());
    }
}

#[test]
fn a_softmax_head_takes_its_columns_by_name() {
    for model in support::models(&support::package("softmax")) {
        for (level, risk) in [
            (10.0, RiskCategory::Low),
            (85.0, RiskCategory::Medium),
            (150.0, RiskCategory::High),
        ] {
            let scored = scored(analyze(
                &model,
                &picture(128, 128, film(level, 0.0)),
                128,
                128,
            ));
            assert_eq!(scored.risk, risk, "{scored:?}");
            let shares = scored.probabilities;
            assert!((shares.low + shares.medium + shares.high - 1.0).abs() < 1e-9);
            assert_eq!(shares.category(), risk);
            assert!((scored.probability - (1.0 - shares.low)).abs() < 1e-12);
            assert!(scored.confidence >= scored.threshold);
            assert!(scored.findings.is_empty());
        }
    }
}

#[test]
fn of_several_findings_the_gravest_decides() {
    for model in support::models(&support::package("findings")) {
        // Dark: "Darkness" has the higher probability and decides.
        let dark = scored(analyze(
            &model,
            &picture(128, 128, film(10.0, 0.0)),
            128,
            128,
        ));
        assert_eq!(dark.findings[0].name, "Darkness");
        assert_eq!(dark.risk, dark.findings[0].severity);
        assert_eq!(dark.threshold, 0.6);
        assert!(dark.findings[1].region.is_none());
        let bright = scored(analyze(
            &model,
            &picture(128, 128, film(140.0, 0.0)),
            128,
            128,
        ));
        assert_eq!(bright.findings[0].name, "Brightness");
        assert_eq!(bright.risk, RiskCategory::High);
        assert_eq!(bright.threshold, 0.3);
        // In between, 0.45 for brightness is medium although darkness has the higher probability.
        let between = scored(analyze(
            &model,
            &picture(128, 128, film(61.0, 0.0)),
            128,
            128,
        ));
        assert_eq!(between.findings[0].name, "Darkness");
        assert_eq!(between.findings[0].severity, RiskCategory::Low);
        assert_eq!(between.risk, RiskCategory::Medium);
        assert_eq!(between.threshold, 0.3);
    }
}

#[test]
fn a_changed_model_file_is_not_loaded() {
    let folder = support::altered(&[]);
    let package = ai::Package::open(folder.path()).unwrap();
    let other = std::fs::read(support::data().join("refused/brighter.onnx")).unwrap();
    std::fs::write(folder.path().join("model.onnx"), other).unwrap();
    let error = Model::load(&package, EngineOptions::default()).unwrap_err();
    assert!(error.to_string().contains("has changed since"), "{error}");
}

#[test]
fn a_model_serves_several_threads() {
    let pixels = picture(128, 128, film(60.0, 0.0));
    for model in support::models(&support::package("binary")) {
        let expected = scored(analyze(&model, &pixels, 128, 128)).probability;
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..20 {
                        let found = scored(analyze(&model, &pixels, 128, 128)).probability;
                        assert_eq!(found, expected);
                    }
                });
            }
        });
    }
}
