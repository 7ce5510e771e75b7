//! The radiologist's part: patients registered, films sent, analyses waited for.

use std::time::Duration;

use axum::http::Method;
use chrono::{Days, NaiveDate, NaiveDateTime, NaiveTime};
use domain::{ReportId, ReportStatus, UserId};
use tokio::time::Instant;

use super::{
    DemoError, PATIENT, accounts,
    cases::{ACCOUNT_HOLDER, CASES, Case, PEOPLE, Person, Picture},
    portal::{Items, Report, Session, Upload},
};
use crate::{DemoPatient, Film, FilmModel, Study, View, hand, patient::born_before};

/// What is in the portal.
pub(super) struct Sent {
    /// The report of each case, in the order of [`CASES`].
    pub(super) reports: Vec<ReportId>,
    /// The patient who can sign in.
    pub(super) account_holder: UserId,
}

/// Between two looks at whether the analyses are done.
const LOOK_AGAIN: Duration = Duration::from_millis(250);
/// Pixels a side of the picture that is no chest film.
const HAND_EDGE: u32 = 900;

/// Registers everybody and sends every film. Ages and study days count from `began`, so that a
/// later call makes the same files and the portal recognises them.
pub(super) async fn send_all(
    radiologist: &Session<'_>,
    began: NaiveDate,
    progress: &impl Fn(&str),
) -> Result<Sent, DemoError> {
    progress("registering patients");
    let mut patients = Vec::with_capacity(PEOPLE.len());
    for (number, person) in PEOPLE.iter().enumerate() {
        let patient = make_up(number, person, began);
        let email = (number == ACCOUNT_HOLDER).then_some(PATIENT);
        let id = accounts::register(radiologist, &patient, email).await?;
        patients.push((id, patient));
    }
    let mut reports = Vec::with_capacity(CASES.len());
    for (number, case) in CASES.iter().enumerate() {
        progress(&format!("sending film {} of {}", number + 1, CASES.len()));
        let (id, patient) = &patients[case.person];
        reports.push(send(radiologist, number, case, *id, patient, began).await?);
    }
    Ok(Sent {
        reports,
        account_holder: patients[ACCOUNT_HOLDER].0,
    })
}

fn make_up(number: usize, person: &Person, began: NaiveDate) -> DemoPatient {
    DemoPatient {
        identifier: format!("DEMO-{:04}", number + 1),
        given_name: person.given_name.to_owned(),
        born: born_before(began, person.age_days),
        gender: person.gender,
    }
}

async fn send(
    radiologist: &Session<'_>,
    number: usize,
    case: &Case,
    id: UserId,
    patient: &DemoPatient,
    began: NaiveDate,
) -> Result<ReportId, DemoError> {
    let (bytes, extension) = draw(number, case, patient.clone(), began).await?;
    let mut fields = vec![
        ("patient_id", id.to_string()),
        ("symptoms", serde_json::json!(case.symptoms).to_string()),
    ];
    if let Some(history) = case.history {
        fields.push(("medical_history", history.to_owned()));
    }
    if let Picture::Hand = case.picture {
        fields.push(("study_type", "hand_xray".to_owned()));
    }
    let upload = Upload {
        file: &format!("demo-{:02}.{extension}", number + 1),
        bytes: &bytes,
        fields,
    };
    radiologist.upload(&upload).await
}

/// The case's file and its name's ending, drawn off the async threads.
async fn draw(
    number: usize,
    case: &Case,
    patient: DemoPatient,
    began: NaiveDate,
) -> Result<(Vec<u8>, &'static str), DemoError> {
    let (picture, taken_at) = (case.picture, taken_at(number, case, began));
    let patient = DemoPatient {
        given_name: case.name_on_film.map_or(patient.given_name, str::to_owned),
        ..patient
    };
    tokio::task::spawn_blocking(move || match picture {
        Picture::Hand => Ok((hand::png(HAND_EDGE)?, "png")),
        Picture::Chest {
            class,
            seed,
            storage,
        } => {
            let film = Film::draw(&FilmModel::load()?, class, seed);
            let study = Study {
                patient: &patient,
                taken_at,
                accession_number: &format!("DEMO-{:02}", number + 1),
                view: if number % 4 == 3 { View::Pa } else { View::Ap },
                inverted: number % 5 == 4,
                storage,
            };
            Ok((study.dicom(&film)?, "dcm"))
        }
    })
    .await?
}

/// In the morning of the study's day, one film every nine minutes.
fn taken_at(number: usize, case: &Case, began: NaiveDate) -> NaiveDateTime {
    let day = began
        .checked_sub_days(Days::new(case.days_ago))
        .unwrap_or(began);
    let minutes = i64::try_from(number).unwrap_or_default() * 9;
    day.and_time(NaiveTime::MIN) + chrono::Duration::minutes(6 * 60 + minutes)
}

/// Waits until every report has an outcome.
pub(super) async fn wait(
    radiologist: &Session<'_>,
    sent: &Sent,
    longest: Duration,
) -> Result<(), DemoError> {
    let until = Instant::now() + longest;
    loop {
        let listed: Items<Report> = radiologist
            .json(Method::GET, "/api/reports?limit=200", None)
            .await?;
        let is_waiting = |report: &&Report| {
            matches!(
                report.status,
                ReportStatus::Pending | ReportStatus::Analyzing
            ) && sent.reports.contains(&report.report_id)
        };
        let waiting = listed.items.iter().filter(is_waiting).count();
        if waiting == 0 {
            return Ok(());
        }
        if Instant::now() >= until {
            return Err(DemoError::StillWaiting {
                waiting,
                all: sent.reports.len(),
                seconds: longest.as_secs(),
            });
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

#[cfg(test)]
mod tests {
    use ai::{Assessment, CaseContext, EnginePreference, GreyPicture, Model, Package};
    use imaging::{DicomHeader, Limits};

    use super::*;

    fn context(header: Option<&DicomHeader>) -> CaseContext {
        CaseContext {
            age_years: header.and_then(|header| header.patient_age_years),
            modality: header.and_then(|header| header.modality.clone()),
            body_part: header.and_then(|header| header.body_part.clone()),
            view_position: header.and_then(|header| header.view_position.clone()),
        }
    }

    #[tokio::test]
    async fn the_bundled_model_sees_each_case_as_it_is_meant() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/chest-paediatric");
        let package = Package::open(folder.as_ref()).unwrap();
        let model = Model::load(&package, EnginePreference::Fastest).unwrap();
        let began = NaiveDate::from_ymd_opt(2026, 3, 1).unwrap();
        let limits = Limits::default();
        for (number, case) in CASES.iter().enumerate() {
            let patient = make_up(case.person, &PEOPLE[case.person], began);
            let (bytes, _) = draw(number, case, patient, began).await.unwrap();
            let header = imaging::inspect(&bytes, &limits).unwrap().dicom;
            let found = imaging::decode(&bytes, 0, &limits).ok().and_then(|raster| {
                let shown = imaging::render(&raster, None).to_grey().into_owned();
                let (width, height) = (shown.width() as usize, shown.height() as usize);
                let picture = GreyPicture::new(width, height, shown.pixels()).unwrap();
                match model.analyze(&picture, &context(header.as_ref())) {
                    Assessment::Scored(scored) => Some(scored.risk),
                    Assessment::NotAssessed(_) => None,
                }
            });
            let found = found.map(|risk| risk.to_string());
            assert_eq!(
                found,
                case.expected.map(|risk| risk.to_string()),
                "case {}",
                number + 1
            );
        }
    }
}
