//! A film for the tests of other rooms.

use chrono::NaiveDate;
use domain::patient::Gender;

use crate::{DemoPatient, Film, FilmClass, FilmModel, Storage, Study, View};

/// A film that the bundled model assesses: of Ada, a girl who was born on 2022-03-04 and has this number, taken in March
/// 2026. Each seed draws another one.
///
/// # Panics
/// When the model of films that is built in cannot be read.
#[must_use]
pub fn scored_film(seed: u64, accession_number: &str, identifier: &str) -> Vec<u8> {
    let model = FilmModel::load().expect("the model of films is built in");
    let day = |year, month, day| NaiveDate::from_ymd_opt(year, month, day).expect("it is a day");
    let study = Study {
        patient: &DemoPatient {
            identifier: identifier.to_owned(),
            given_name: "Ada".to_owned(),
            born: day(2022, 3, 4),
            gender: Gender::Female,
        },
        taken_at: day(2026, 3, 1)
            .and_hms_opt(10, 30, 0)
            .expect("it is a time of day"),
        accession_number,
        view: View::Ap,
        inverted: false,
        storage: Storage::Plain,
    };
    study
        .dicom(&Film::draw(&model, FilmClass::Pneumonia, seed))
        .expect("a drawn film can be written")
}
