//! The gate: may the model speak about this film? First what the header says, then what the
//! pixels say. The third part, the model's own scope output, is asked in [`crate::model`].
//!
//! Missing words refuse nothing. Words nobody knows count as missing, with one exception: an
//! unknown modality is another modality.

use crate::{
    CaseContext, GreyPicture, NotAssessed, NotAssessedCode, manifest::IntendedUse,
    picture::Histogram,
};

/// Smallest side of a film, in pixels.
const SMALLEST_SIDE: usize = 64;
/// Longest side over shortest side.
const LARGEST_RATIO: f64 = 2.5;
/// A picture whose middle 98 % of grey levels span less than this is blank.
const BLANK_SPAN: u8 = 12;
/// A picture whose grey levels deviate less than this is blank.
const BLANK_DEVIATION: f64 = 4.0;
/// Above this share of pure black and white, there is nothing to read.
const CLIPPED_SHARE: f64 = 0.9;

/// What the header says against the intended use.
pub(crate) fn context(case: &CaseContext, intended: &IntendedUse) -> Result<(), NotAssessed> {
    modality(case.modality.as_deref(), intended)?;
    body_part(case.body_part.as_deref(), intended)?;
    view(case.view_position.as_deref(), intended)?;
    age(case.age_years, intended)
}

fn refuse(code: NotAssessedCode, reason: String) -> Result<(), NotAssessed> {
    Err(NotAssessed::new(code, reason))
}

/// Words of a header value, in capitals; none for values that say nothing.
fn words(value: Option<&str>) -> Vec<String> {
    const EMPTY: [&str; 7] = [
        "UNKNOWN",
        "OTHER",
        "NONE",
        "NA",
        "UNDEFINED",
        "UNSPECIFIED",
        "NULL",
    ];
    let words: Vec<String> = value
        .unwrap_or_default()
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_uppercase)
        .collect();
    match words.as_slice() {
        [only] if EMPTY.contains(&only.as_str()) => Vec::new(),
        _ => words,
    }
}

fn modality(value: Option<&str>, intended: &IntendedUse) -> Result<(), NotAssessed> {
    let words = words(value);
    let Some(given) = words.first() else {
        return Ok(());
    };
    if intended
        .modality
        .iter()
        .any(|one| one.eq_ignore_ascii_case(given))
    {
        return Ok(());
    }
    refuse(
        NotAssessedCode::OutsideIntendedUse,
        format!(
            "The modality is {given}; the model is meant for {}.",
            intended.modality.join(", ")
        ),
    )
}

/// Is one of the words a name of the chest, and none of them another part?
fn is_chest(words: &[String]) -> bool {
    const CHEST: [&str; 9] = [
        "CHEST",
        "THORAX",
        "TORAX",
        "LUNG",
        "LUNGS",
        "CXR",
        "BRUSTKORB",
        "POUMON",
        "POUMONS",
    ];
    const OTHER: [&str; 9] = [
        "SPINE", "ABDOMEN", "PELVIS", "RIB", "RIBS", "STERNUM", "CLAVICLE", "SHOULDER", "NECK",
    ];
    let any = |names: &[&str]| words.iter().any(|word| names.contains(&word.as_str()));
    any(&CHEST) && !any(&OTHER)
}

fn body_part(value: Option<&str>, intended: &IntendedUse) -> Result<(), NotAssessed> {
    let given = words(value);
    let known = intended.body_part.iter().any(|part| {
        let part = words(Some(part));
        part == given || (is_chest(&part) && is_chest(&given))
    });
    if given.is_empty() || known {
        return Ok(());
    }
    refuse(
        NotAssessedCode::NotAChestFilm,
        format!(
            "The body part is given as {}; the model is meant for {}.",
            given.join(" "),
            intended.body_part.join(", ")
        ),
    )
}

/// How a view position looks at the chest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum View {
    Anteroposterior,
    Posteroanterior,
    NotFrontal,
    Unknown,
}

/// Reads DICOM View Position (PS3.3 C.8.1.2 and C.8.11.5) and the words people write instead.
fn view_of(words: &[String]) -> View {
    const NOT_FRONTAL: [&str; 21] = [
        "LL",
        "RL",
        "LAT",
        "LATERAL",
        "LLAT",
        "RLAT",
        "LEFT",
        "RIGHT",
        "SIDE",
        "LLD",
        "RLD",
        "DECUBITUS",
        "DECUB",
        "OBLIQUE",
        "OBL",
        "LLO",
        "RLO",
        "RAO",
        "LAO",
        "RPO",
        "LPO",
    ];
    let any = |names: &[&str]| words.iter().any(|word| names.contains(&word.as_str()));
    if any(&NOT_FRONTAL) {
        View::NotFrontal
    } else if any(&["AP", "ANTEROPOSTERIOR", "ANTERO"]) {
        View::Anteroposterior
    } else if any(&["PA", "POSTEROANTERIOR", "POSTERO"]) {
        View::Posteroanterior
    } else {
        View::Unknown
    }
}

fn view(value: Option<&str>, intended: &IntendedUse) -> Result<(), NotAssessed> {
    let given = words(value);
    let allows = |view: View| {
        intended.view.iter().any(|one| {
            let one = words(Some(one));
            one.iter().any(|word| word == "FRONTAL") || view_of(&one) == view
        })
    };
    match view_of(&given) {
        View::NotFrontal => refuse(
            NotAssessedCode::NotFrontal,
            format!(
                "The view is given as {}; the model is meant for frontal films.",
                given.join(" ")
            ),
        ),
        view @ (View::Anteroposterior | View::Posteroanterior) if !allows(view) => refuse(
            NotAssessedCode::OutsideIntendedUse,
            format!(
                "The view is given as {}; the model is meant for {}.",
                given.join(" "),
                intended.view.join(", ")
            ),
        ),
        _ => Ok(()),
    }
}

fn age(years: Option<f64>, intended: &IntendedUse) -> Result<(), NotAssessed> {
    // An age below zero or without a number is a slip of the header, hence missing.
    let Some(years) = years.filter(|years| years.is_finite() && *years >= 0.0) else {
        return Ok(());
    };
    // The oldest age counts in completed years.
    if years >= intended.minimum_age_years && years.floor() <= intended.maximum_age_years {
        return Ok(());
    }
    refuse(
        NotAssessedCode::OutsideAgeRange,
        format!(
            "The patient's age is {} years; the model is meant for {} to {} years.",
            (years * 10.0).floor() / 10.0,
            intended.minimum_age_years,
            intended.maximum_age_years
        ),
    )
}

/// What the shape of the picture says.
pub(crate) fn shape(picture: &GreyPicture<'_>) -> Result<(), NotAssessed> {
    let (short, long) = (
        picture.width().min(picture.height()),
        picture.width().max(picture.height()),
    );
    let sides = format!("{} x {} pixels", picture.width(), picture.height());
    if short < SMALLEST_SIDE {
        return refuse(
            NotAssessedCode::TooSmall,
            format!("The picture has {sides}; both sides need at least {SMALLEST_SIDE}."),
        );
    }
    if long as f64 > LARGEST_RATIO * short as f64 {
        return refuse(
            NotAssessedCode::UnusualShape,
            format!("The picture has {sides}; a chest film is not that elongated."),
        );
    }
    Ok(())
}

/// What the grey levels of the picture say.
pub(crate) fn greys(histogram: &Histogram) -> Result<(), NotAssessed> {
    let span = histogram.percentile(0.99) - histogram.percentile(0.01);
    if span < BLANK_SPAN || histogram.deviation() < BLANK_DEVIATION {
        return refuse(
            NotAssessedCode::BlankImage,
            "The picture is all but one grey; there is nothing to read.".into(),
        );
    }
    if histogram.clipped() > CLIPPED_SHARE {
        return refuse(
            NotAssessedCode::ClippedImage,
            format!(
                "{:.0} % of the picture is pure black or pure white; there is nothing to read.",
                histogram.clipped() * 100.0
            ),
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use NotAssessedCode::*;

    use super::*;

    fn intended() -> IntendedUse {
        IntendedUse {
            modality: vec!["CR".into(), "DX".into()],
            body_part: vec!["CHEST".into()],
            view: vec!["AP".into(), "PA".into()],
            minimum_age_years: 1.0,
            maximum_age_years: 5.0,
            statement: "Children.".into(),
        }
    }

    fn ask(age: Option<f64>, modality: &str, body: &str, view: &str) -> Option<NotAssessedCode> {
        let given = |word: &str| Some(word.to_owned()).filter(|word| !word.is_empty());
        let case = CaseContext {
            age_years: age,
            modality: given(modality),
            body_part: given(body),
            view_position: given(view),
        };
        context(&case, &intended()).err().map(|refusal| {
            assert!(refusal.reason.ends_with('.'), "{}", refusal.reason);
            refusal.code
        })
    }

    #[test]
    fn what_the_header_says_decides() {
        for (age, modality, body, view, expected) in [
            (None, "", "", "", None),
            (Some(3.0), "DX", "CHEST", "AP", None),
            (Some(3.0), "cr", "Chest", "pa", None),
            (Some(3.0), "DX", "THORAX", "AP SUPINE", None),
            (Some(3.0), "DX", "Lungs", "postero-anterior", None),
            (Some(3.0), "DX", "UNKNOWN", "UNKNOWN", None),
            (Some(3.0), "DX", "", "XYZ", None),
            (Some(1.0), "DX", "CHEST", "AP", None),
            (Some(5.99), "DX", "CHEST", "AP", None),
            (Some(6.0), "DX", "CHEST", "AP", Some(OutsideAgeRange)),
            (Some(0.99), "DX", "CHEST", "AP", Some(OutsideAgeRange)),
            (Some(61.0), "", "", "", Some(OutsideAgeRange)),
            (Some(-1.0), "", "", "", None),
            (Some(f64::NAN), "", "", "", None),
            (None, "CT", "CHEST", "", Some(OutsideIntendedUse)),
            (None, "MG", "", "", Some(OutsideIntendedUse)),
            (None, "DX", "HAND", "", Some(NotAChestFilm)),
            (None, "DX", "ABDOMEN", "AP", Some(NotAChestFilm)),
            (None, "DX", "THORAX SPINE", "AP", Some(NotAChestFilm)),
            (None, "DX", "CHESTABDOMEN", "AP", Some(NotAChestFilm)),
            (None, "DX", "TSPINE", "AP", Some(NotAChestFilm)),
            (None, "DX", "CHEST", "LL", Some(NotFrontal)),
            (None, "DX", "CHEST", "RL", Some(NotFrontal)),
            (None, "DX", "CHEST", "Lateral", Some(NotFrontal)),
            (None, "DX", "CHEST", "LLD", Some(NotFrontal)),
            (None, "DX", "CHEST", "AP OBLIQUE", Some(NotFrontal)),
        ] {
            assert_eq!(
                ask(age, modality, body, view),
                expected,
                "{age:?} {modality} {body} {view}"
            );
        }
    }

    #[test]
    fn a_frontal_view_may_still_be_another_than_intended() {
        let mut only = intended();
        only.view = vec!["PA".into()];
        let case = |view: &str| CaseContext {
            view_position: Some(view.into()),
            ..CaseContext::default()
        };
        assert!(context(&case("PA"), &only).is_ok());
        let refusal = context(&case("AP"), &only).unwrap_err();
        assert_eq!(refusal.code, OutsideIntendedUse);
        only.view = vec!["frontal".into()];
        assert!(context(&case("AP"), &only).is_ok());
    }

    #[test]
    fn what_the_pixels_say_decides() {
        let code = |width: usize, height: usize, pixel: &dyn Fn(usize, usize) -> u8| {
            let pixels: Vec<u8> = (0..height)
                .flat_map(|y| (0..width).map(move |x| (x, y)))
                .map(|(x, y)| pixel(x, y))
                .collect();
            let picture = GreyPicture::new(width, height, &pixels).unwrap();
            shape(&picture)
                .and_then(|()| greys(&picture.histogram()))
                .err()
                .map(|refusal| refusal.code)
        };
        let ramp = |x: usize, y: usize| (x + y) as u8;
        assert_eq!(code(63, 200, &ramp), Some(TooSmall));
        assert_eq!(code(0, 0, &ramp), Some(TooSmall));
        assert_eq!(code(64, 161, &ramp), Some(UnusualShape));
        assert_eq!(code(64, 160, &ramp), None);
        assert_eq!(code(100, 100, &|_, _| 90), Some(BlankImage));
        assert_eq!(code(100, 100, &|x, _| 90 + (x % 9) as u8), Some(BlankImage));
        let black_and_white = |x: usize, _: usize| if x < 50 { 0 } else { 255 };
        assert_eq!(code(100, 100, &black_and_white), Some(ClippedImage));
        assert_eq!(code(100, 100, &ramp), None);
    }
}
