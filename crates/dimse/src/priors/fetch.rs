//! The job that fetches one earlier study.

use db::{
    Actor, ActorTx, Database, DbError,
    audit::Act,
    dicom_peers::{self, Destination},
    jobs::Leased,
    priors::{self, Fetch, Wanted},
};
use domain::audit::{AuditAction, EntityType};
use futures::future::BoxFuture;
use imaging::Limits;
use intake::Intake;
use jobs::{Handler, JobError};
use serde_json::json;

use super::{Kept, keep};
use crate::{Archive, Calling, Fetched, forwarding::listed};

/// Fetches earlier studies.
#[derive(Debug, Clone)]
pub struct FetchPriorJob {
    database: Database,
    intake: Intake,
    ae_title: String,
    calling: Calling,
}

/// How the films of a study came.
#[derive(Debug, Default)]
struct Came {
    here: usize,
    missing: usize,
    foreign: usize,
    is_cut: bool,
    form: &'static str,
}

impl Came {
    /// What is wrong with that, if anything.
    fn fault(&self) -> Option<String> {
        let mut faults = Vec::new();
        if self.here == 0 && self.missing == 0 && self.foreign == 0 {
            faults.push("the archive sent no film of it".to_owned());
        }
        if self.missing > 0 {
            faults.push(format!(
                "{} of its objects did not come, or are no images",
                self.missing
            ));
        }
        if self.foreign > 0 {
            faults.push(format!(
                "{} films of another study came and were not kept",
                self.foreign
            ));
        }
        if self.is_cut {
            faults.push("it has more films than are taken".to_owned());
        }
        (!faults.is_empty()).then(|| faults.join("; "))
    }
}

impl FetchPriorJob {
    /// The job on this database; films go the way that `intake` knows, and archives are called under this name.
    #[must_use]
    pub fn new(database: Database, intake: Intake, ae_title: &str, calling: Calling) -> Self {
        Self {
            database,
            intake,
            ae_title: ae_title.to_owned(),
            calling,
        }
    }

    async fn fetch(&self, job: &Leased) -> Result<(), JobError> {
        let fetch: Fetch = serde_json::from_value(job.payload.clone())?;
        let mut tx = self.database.begin(&Actor::worker()).await?;
        let wanted = priors::begin_fetch(&mut tx, fetch.prior_id).await?;
        let at = dicom_peers::destination(&mut tx, &fetch.archive).await?;
        let limits = analysis::film::limits(&mut tx).await?;
        tx.commit().await?;
        let Some(wanted) = wanted else {
            // Its case was removed meanwhile, or it is here.
            return jobs::end(&self.database, job).await;
        };
        let came = match self.bring(at, &wanted, limits).await {
            Ok(came) => came,
            Err(error) => {
                let mut tx = self.database.begin(&Actor::worker()).await?;
                priors::note_fetch_fault(&mut tx, wanted.prior_id, &error.0).await?;
                tx.commit().await?;
                return Err(error);
            }
        };
        let mut tx = self.database.begin(&Actor::worker()).await?;
        if !db::jobs::complete(&mut tx, job).await? {
            return Ok(());
        }
        priors::end_fetch(&mut tx, wanted.prior_id, came.fault().as_deref()).await?;
        let act = Act::new(AuditAction::AskArchive, EntityType::Report)
            .on(wanted.report_id)
            .new_values(
                json!({ "archive": wanted.archive, "form": came.form, "study_uid": wanted.study_uid, "films": came.here,
                        "missing": came.missing, "foreign": came.foreign, "is_cut": came.is_cut }),
            );
        tx.audit(act).await?;
        Ok(tx.commit().await?)
    }

    /// Brings the films here: on this association, or else on one of the archive's.
    async fn bring(
        &self,
        at: Option<Destination>,
        wanted: &Wanted,
        limits: Limits,
    ) -> Result<Came, JobError> {
        let at = listed(at, &wanted.archive)?;
        let archive = Archive::new(self.calling.clone(), &self.ae_title, at);
        let blobs = self.intake.blobs();
        let fetched = archive
            .fetch(&wanted.study_uid, blobs, limits.maximum_bytes)
            .await?;
        if let Some(fetched) = fetched {
            return self.keep(fetched, wanted, limits).await;
        }
        let had_sent = archive.have_sent(&wanted.study_uid).await?;
        Ok(Came {
            here: had_sent.sent,
            missing: had_sent.missing,
            form: "move",
            ..Came::default()
        })
    }

    async fn keep(
        &self,
        fetched: Fetched,
        wanted: &Wanted,
        limits: Limits,
    ) -> Result<Came, JobError> {
        let mut came = Came {
            missing: fetched.missing,
            is_cut: fetched.is_cut,
            form: "get",
            ..Came::default()
        };
        for film in fetched.films {
            let (staged, header) = self.intake.header(film.file, limits).await?;
            let for_one = std::slice::from_ref(wanted);
            let kept = keep(
                &self.database,
                &self.intake,
                staged,
                header,
                for_one,
                limits,
            )
            .await?;
            match kept {
                Kept::Here => came.here += 1,
                Kept::Foreign => came.foreign += 1,
                Kept::Refused => came.missing += 1,
            }
        }
        Ok(came)
    }
}

impl Handler for FetchPriorJob {
    fn kind(&self) -> &'static str {
        priors::FETCH
    }

    fn run<'a>(&'a self, job: &'a Leased) -> BoxFuture<'a, Result<(), JobError>> {
        Box::pin(self.fetch(job))
    }

    fn died<'a>(
        &'a self,
        tx: &'a mut ActorTx,
        job: &'a Leased,
        error: &'a str,
    ) -> BoxFuture<'a, Result<(), DbError>> {
        Box::pin(async move {
            match serde_json::from_value::<Fetch>(job.payload.clone()) {
                Ok(fetch) => priors::end_fetch(tx, fetch.prior_id, Some(error)).await,
                Err(_) => Ok(()),
            }
        })
    }
}
