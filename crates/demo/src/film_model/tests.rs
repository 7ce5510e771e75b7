use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
struct Golden {
    tolerance: Tolerance,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Tolerance {
    smooth: f64,
    finished: f64,
    finished_mean: f64,
}

#[derive(Deserialize)]
struct Case {
    k: usize,
    class: u8,
    smooth_mean: f64,
    smooth_pixels: Vec<Spot>,
    finished_mean: f64,
    finished_pixels: Vec<Spot>,
}

#[derive(Deserialize)]
struct Spot {
    x: usize,
    y: usize,
    value: f64,
}

fn close(found: f64, expected: f64, tolerance: f64, what: &str) {
    assert!(
        (found - expected).abs() <= tolerance,
        "{what}: {found}, expected {expected} within {tolerance}"
    );
}

#[test]
fn films_are_drawn_as_the_reference_draws_them() {
    let golden: Golden =
        serde_json::from_str(include_str!("../../assets/films_golden.json")).unwrap();
    let model = FilmModel::load().unwrap();
    assert_eq!(golden.cases.len(), 4);
    for case in golden.cases {
        let k = case.k;
        let class = [FilmClass::Normal, FilmClass::Pneumonia][usize::from(case.class)];
        let z: Vec<f32> = (0..model.scales.len())
            .map(|i| ((i * 37 + 11 * k) % 101) as f32 / 50.0 - 1.0)
            .collect();
        let grain: Vec<f32> = (0..model.size * model.size)
            .map(|at| {
                let (x, y) = (at % model.size, at / model.size);
                (((x * 7 + y * 13 + x * y + k) % 21) as f32 - 10.0) / 10.0
            })
            .collect();
        let smooth = model.smooth(class, &z);
        let area = smooth.len() as f64;
        let mean = smooth.iter().copied().map(f64::from).sum::<f64>() / area;
        close(
            mean,
            case.smooth_mean,
            golden.tolerance.smooth,
            "smooth mean",
        );
        for spot in &case.smooth_pixels {
            let found = f64::from(smooth[spot.y * model.size + spot.x]);
            close(found, spot.value, golden.tolerance.smooth, "smooth pixel");
        }
        let film = model.finish(&smooth, &grain);
        let mean = film.pixels.iter().copied().map(f64::from).sum::<f64>() / area;
        close(
            mean,
            case.finished_mean,
            golden.tolerance.finished_mean,
            "finished mean",
        );
        for spot in &case.finished_pixels {
            let found = f64::from(film.pixels[spot.y * model.size + spot.x]);
            close(
                found,
                spot.value,
                golden.tolerance.finished,
                "finished pixel",
            );
        }
    }
}

#[test]
fn a_damaged_file_is_refused() {
    let refused = |bytes: &[u8]| FilmModel::from_bytes(bytes).unwrap_err();
    assert_eq!(refused(b""), FilmModelError::WrongMagic);
    assert_eq!(refused(b"MPFILMS2"), FilmModelError::WrongMagic);
    let short = FilmModelError::WrongLength {
        expected: 32,
        found: 12,
    };
    assert_eq!(refused(&BUNDLED[..12]), short);
    let cut = &BUNDLED[..BUNDLED.len() - 1];
    assert_eq!(
        refused(cut),
        FilmModelError::WrongLength {
            expected: 1_919_776,
            found: 1_919_775
        }
    );
    let mut other = BUNDLED.to_vec();
    other[16] = 3;
    assert_eq!(refused(&other), FilmModelError::WrongClasses { found: 3 });
    let mut huge = BUNDLED.to_vec();
    huge[8..16].fill(255);
    assert!(matches!(
        refused(&huge),
        FilmModelError::WrongLength {
            expected: u64::MAX,
            ..
        }
    ));
}

#[test]
fn class_and_seed_decide_the_film() {
    let model = FilmModel::load().unwrap();
    let one = model.draw(FilmClass::Normal, 1);
    assert_eq!(one, model.draw(FilmClass::Normal, 1));
    assert_ne!(one, model.draw(FilmClass::Normal, 2));
    assert_ne!(one, model.draw(FilmClass::Pneumonia, 1));
}
