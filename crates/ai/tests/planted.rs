//! From a model's map to a place on the film: soft opacities are planted in lung fields, and the peak of
//! the heatmap must fall inside the plant, for every way of resizing and every shape of film.
//!
//! The network here sees bright places by design, so this holds the drawing of maps to account, not a
//! trained model. What the bundled one sees of planted opacities is measured in `crates/demo`.
#![allow(clippy::unwrap_used, reason = "a test may panic anywhere")]

use ai::{
    Assessment, CaseContext, EnginePreference, GreyPicture, Model, Package, Scored, Side, Zone,
};
use onnx_kit::bright_places;
use rand::{RngExt, SeedableRng, rngs::StdRng};

/// A soft opacity; centre and radius in shares of the film's shorter side.
struct Plant {
    x: f64,
    y: f64,
    radius: f64,
}

/// Two dark lung fields on a grey chest, with some structure, and the plant.
fn film(width: usize, height: usize, plant: &Plant) -> Vec<u8> {
    let shorter = width.min(height) as f64;
    let mut pixels = Vec::with_capacity(width * height);
    for y in 0..height {
        for x in 0..width {
            let (u, v) = place(x, y, width, height, shorter);
            let lung =
                |centre: f64| ((u - centre) / 0.15).powi(2) + ((v - 0.5) / 0.3).powi(2) < 1.0;
            let base = if lung(0.28) || lung(0.72) {
                60.0
            } else {
                115.0
            };
            let grain = ((x * 7 + y * 13) % 17) as f64 - 8.0;
            let distance = ((u - plant.x).powi(2) + (v - plant.y).powi(2)).sqrt() / plant.radius;
            let soft = (1.0 - distance).clamp(0.0, 1.0);
            let grey = base + grain + (205.0 - base) * (soft * soft * (3.0 - 2.0 * soft)).powf(0.6);
            pixels.push(grey.round().clamp(0.0, 255.0) as u8);
        }
    }
    pixels
}

/// A pixel's place in the middle square of the shorter side, 0 to 1.
fn place(x: usize, y: usize, width: usize, height: usize, shorter: f64) -> (f64, f64) {
    let middle = |at: usize, length: usize| (at as f64 + 0.5 - length as f64 / 2.0) / shorter + 0.5;
    (middle(x, width), middle(y, height))
}

fn score(model: &Model, width: usize, height: usize, pixels: &[u8]) -> Option<Scored> {
    let picture = GreyPicture::new(width, height, pixels).unwrap();
    match model.analyze(&picture, &CaseContext::default()) {
        Assessment::Scored(scored) => Some(*scored),
        Assessment::NotAssessed(refusal) => panic!("{refusal:?}"),
    }
}

#[test]
fn the_peak_falls_inside_the_plant() {
    let mut random = StdRng::seed_from_u64(4);
    for resize in ["squash-triangle", "crop-triangle", "pad-triangle"] {
        let folder = tempfile::tempdir().unwrap();
        bright_places(128.0, resize).write(folder.path()).unwrap();
        let package = Package::open(folder.path()).unwrap();
        let model = Model::load(&package, EnginePreference::BuiltIn).unwrap();
        let (mut flagged, mut inside, mut sides) = (0u32, 0u32, 0u32);
        for _ in 0..240 {
            let (width, height) = [(256, 256), (320, 260), (240, 330)][random.random_range(0..3)];
            let left = random.random_bool(0.5);
            let plant = Plant {
                x: if left { 0.28 } else { 0.72 } + random.random_range(-0.08..0.08),
                y: random.random_range(0.3..0.7),
                radius: random.random_range(0.09..0.16),
            };
            let pixels = film(width, height, &plant);
            let Some(scored) = score(&model, width, height, &pixels) else {
                continue;
            };
            let (Some(map), Some(region)) = (&scored.heatmap, scored.findings[0].region) else {
                continue;
            };
            flagged += 1;
            let at = map.values.iter().position(|&value| value == 255).unwrap();
            let pixel = |cell: usize, cells: usize, length: usize| {
                (((cell as f64 + 0.5) / cells as f64) * length as f64) as usize
            };
            let (x, y) = (
                pixel(at % map.width, map.width, width),
                pixel(at / map.width, map.height, height),
            );
            let (u, v) = place(x, y, width, height, width.min(height) as f64);
            let distance = ((u - plant.x).powi(2) + (v - plant.y).powi(2)).sqrt();
            inside += u32::from(distance <= plant.radius);
            // The patient's right is on the viewer's left.
            sides += u32::from(region.side == if left { Side::Right } else { Side::Left });
            assert!(Zone::ALL.contains(&region.zone));
        }
        eprintln!("{resize}: {flagged} flagged, peak inside {inside}, side right {sides}");
        assert!(flagged >= 120, "{resize}: {flagged}");
        assert!(
            inside * 10 >= flagged * 9,
            "{resize}: {inside} of {flagged}"
        );
        assert!(sides * 10 >= flagged * 9, "{resize}: {sides} of {flagged}");
    }
}
