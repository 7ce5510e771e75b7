//! The job that asks one archive about one case's patient.

use chrono::{Datelike as _, NaiveDateTime};
use db::{
    Actor, ActorTx, Database, DbError,
    audit::Act,
    dicom::values::is_uid,
    dicom_archives, dicom_peers,
    jobs::Leased,
    priors::{self, NewPrior, Remarks, Search, Subject},
    settings,
};
use domain::{
    audit::{AuditAction, EntityType},
    prior::{PriorPolicy, is_comparable},
    settings::PRIORS_FETCHED,
};
use futures::future::BoxFuture;
use intake::Named;
use jobs::{Handler, JobError};
use serde_json::json;

use crate::{Answered, Archive, ArchivedStudy, Calling, Numbered, forwarding::listed};

/// Asks archives for earlier studies.
#[derive(Debug, Clone)]
pub struct FindPriorsJob {
    database: Database,
    ae_title: String,
    calling: Calling,
}

impl FindPriorsJob {
    /// The job on this database, under this name.
    #[must_use]
    pub fn new(database: Database, ae_title: &str, calling: Calling) -> Self {
        Self {
            database,
            ae_title: ae_title.to_owned(),
            calling,
        }
    }

    async fn find(&self, job: &Leased) -> Result<(), JobError> {
        let search: Search = serde_json::from_value(job.payload.clone())?;
        let mut tx = self.database.begin(&Actor::worker()).await?;
        let subject = priors::subject(&mut tx, search.report_id).await?;
        let is_archive = dicom_archives::is_archive(&mut tx, &search.archive).await?;
        let at = dicom_peers::destination(&mut tx, &search.archive).await?;
        drop(tx);
        let Some(subject) = subject else {
            // It was removed meanwhile, as its term or its patient wanted: then nobody is asked about it.
            return jobs::end(&self.database, job).await;
        };
        let number = subject.number.clone().filter(|_| is_archive);
        let Some(number) = number else {
            let why = if is_archive {
                "the patient has no number to ask by"
            } else {
                "it is not asked any more"
            };
            return self.give_up(job, &search, why).await;
        };
        let patient = Numbered {
            number,
            issuer: subject.issuer.clone(),
        };
        let asked = async {
            let at = listed(at, &search.archive)?;
            let archive = Archive::new(self.calling.clone(), &self.ae_title, at);
            Ok::<Answered, JobError>(archive.studies_of(&patient).await?)
        };
        match asked.await {
            Ok(answered) => self.note(job, &search, &subject, answered).await,
            Err(error) => {
                let mut tx = self.database.begin(&Actor::worker()).await?;
                priors::note_fault(&mut tx, &search, &error.0).await?;
                tx.commit().await?;
                Err(error)
            }
        }
    }

    async fn give_up(&self, job: &Leased, search: &Search, why: &str) -> Result<(), JobError> {
        let mut tx = self.database.begin(&Actor::worker()).await?;
        if !db::jobs::complete(&mut tx, job).await? {
            return Ok(());
        }
        priors::note_fault(&mut tx, search, why).await?;
        Ok(tx.commit().await?)
    }

    async fn note(
        &self,
        job: &Leased,
        search: &Search,
        subject: &Subject,
        answered: Answered,
    ) -> Result<(), JobError> {
        let mut tx = self.database.begin(&Actor::worker()).await?;
        if !db::jobs::complete(&mut tx, job).await? {
            return Ok(());
        }
        let policy: PriorPolicy = settings::get(&mut tx, PRIORS_FETCHED).await?;
        let uids: Vec<String> = answered.studies.iter().map(uid_of).collect();
        let own = priors::own_studies(&mut tx, &uids).await?;
        let mut remarks = Remarks {
            others: answered.others,
            unreadable: answered.unreadable,
            is_cut: answered.is_cut,
        };
        let (mut studies, strange): (Vec<ArchivedStudy>, Vec<_>) = answered
            .studies
            .into_iter()
            .filter(|study| !own.contains(&study.study_uid))
            .partition(|study| is_uid(&study.study_uid));
        remarks.unreadable += strange.len();
        studies.sort_by_key(|study| std::cmp::Reverse(study.made_at));
        let studies = choose(studies, subject, policy);
        let (found, fetched) = priors::note_answer(&mut tx, search, &studies, remarks).await?;
        let act = Act::new(AuditAction::AskArchive, EntityType::Report)
            .on(search.report_id)
            .new_values(
                json!({ "archive": search.archive, "form": "find", "found": found, "fetched": fetched,
                        "others": remarks.others, "unreadable": remarks.unreadable, "is_cut": remarks.is_cut }),
            );
        tx.audit(act).await?;
        Ok(tx.commit().await?)
    }
}

fn uid_of(study: &ArchivedStudy) -> String {
    study.study_uid.clone()
}

/// What is noted of the studies, newest first; the first few that are without doubt the patient's, and something to compare
/// with, are fetched.
fn choose(studies: Vec<ArchivedStudy>, subject: &Subject, policy: PriorPolicy) -> Vec<NewPrior> {
    let oldest = subject.upload_date.year() - i32::try_from(policy.years).unwrap_or(i32::MAX);
    let is_recent = |made: NaiveDateTime| made.year() >= oldest;
    let mut left = policy.studies;
    studies
        .into_iter()
        .map(|study| {
            let said = Named::new(study.patient_name.as_deref(), study.birth_date);
            let record = Named::new(Some(&subject.patient_name), subject.birth_date);
            let doubts = intake::doubts(record, said);
            let is_wanted = left > 0
                && doubts.is_empty()
                && study.made_at.is_some_and(is_recent)
                && is_comparable(&study.modalities, subject.modality.as_deref());
            left -= usize::from(is_wanted);
            NewPrior {
                doubts,
                is_wanted,
                study_uid: study.study_uid,
                made_at: study.made_at,
                modalities: study.modalities.iter().map(|text| plain(text)).collect(),
                description: study.description.as_deref().map(plain),
                accession_number: study.accession_number.as_deref().map(plain),
                patient_name: study.patient_name.as_deref().map(plain),
                birth_date: study.birth_date,
                instances: study.instances,
            }
        })
        .collect()
}

/// A stranger's text as a column can hold it.
fn plain(text: &str) -> String {
    text.replace('\0', "")
}

impl Handler for FindPriorsJob {
    fn kind(&self) -> &'static str {
        priors::FIND
    }

    fn run<'a>(&'a self, job: &'a Leased) -> BoxFuture<'a, Result<(), JobError>> {
        Box::pin(self.find(job))
    }

    fn died<'a>(
        &'a self,
        _tx: &'a mut ActorTx,
        _job: &'a Leased,
        _error: &'a str,
    ) -> BoxFuture<'a, Result<(), DbError>> {
        // The case says since the first attempt that the archive has not answered, and why; tech can send the job back.
        Box::pin(async { Ok(()) })
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, NaiveDate};
    use domain::Doubt;

    use super::*;

    fn study(uid: &str, year: i32, modality: &str, name: &str) -> ArchivedStudy {
        let born = NaiveDate::from_ymd_opt(1970, 5, 6);
        ArchivedStudy {
            study_uid: uid.to_owned(),
            made_at: NaiveDate::from_ymd_opt(year, 2, 3).and_then(|day| day.and_hms_opt(0, 0, 0)),
            modalities: vec![modality.to_owned()],
            description: Some("Thorax\0".to_owned()),
            accession_number: None,
            patient_name: Some(name.to_owned()),
            birth_date: born,
            instances: None,
        }
    }

    #[test]
    fn the_newest_few_that_can_be_compared_are_fetched() {
        let came: DateTime<chrono::Utc> = "2026-11-27T10:00:00Z".parse().unwrap();
        let subject = Subject {
            patient_name: "Jörg Müller".to_owned(),
            birth_date: NaiveDate::from_ymd_opt(1970, 5, 6),
            number: None,
            issuer: None,
            upload_date: came,
            modality: Some("DX".to_owned()),
        };
        let name = "Müller Jörg";
        let of = || {
            vec![
                study("1", 2025, "CT", name),
                study("2", 2024, "DX", "Somebody Else"),
                study("3", 2023, "CR", name),
                study("4", 2016, "DX", name),
                study("5", 2015, "DX", name),
            ]
        };
        let wanted = |policy| -> Vec<String> {
            let chosen = choose(of(), &subject, policy);
            assert_eq!(chosen.len(), 5);
            assert_eq!(chosen[1].doubts, [Doubt::Name]);
            assert_eq!(chosen[0].description.as_deref(), Some("Thorax"));
            let wanted = chosen.into_iter().filter(|study| study.is_wanted);
            wanted.map(|study| study.study_uid).collect()
        };
        let policy = |studies, years| PriorPolicy { studies, years };
        assert_eq!(wanted(policy(3, 10)), ["3", "4"]);
        assert_eq!(wanted(policy(1, 10)), ["3"]);
        assert_eq!(wanted(policy(3, 11)), ["3", "4", "5"]);
        assert_eq!(wanted(policy(0, 10)), [""; 0]);
    }
}
