//! Notices of results (Subscription, channel `rest-hook`): the job that tells every system which wants to know that a
//! `DiagnosticReport` is final, or was changed afterwards. One that wants the content is sent the resource as an update
//! (`PUT ENDPOINT/DiagnosticReport/ID`); the others get a `POST` that says nothing, and ask.

use chrono::{DateTime, Utc};
use db::{
    Actor, ActorTx, Database, DbError,
    audit::Act,
    fhir::subscriptions::{self, NOTICE_JOB, Subscription},
    jobs::Leased,
    results,
};
use domain::{
    ReportId, SubscriptionId,
    audit::{AuditAction, EntityType},
    scope::FhirKind,
};
use futures::{FutureExt, future::BoxFuture};
use jobs::{Handler, JobError};
use keys::Keyring;
use outgoing::{Method, Outgoing, OutgoingError, Sent, url::Url};
use serde_json::{Value, json};

use crate::{answer, diagnostic_report};

/// Why a system was not told. The texts hold nothing of its answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NoticeError {
    /// It did not answer.
    #[error(transparent)]
    Outgoing(#[from] OutgoingError),
    /// It refused.
    #[error("it answered with status {0}")]
    Refused(u16),
    /// Its address is none, or open to anybody on the way.
    #[error("its address is no https address: remove it and add it anew")]
    Address,
    /// What it wants to be shown cannot be opened.
    #[error("what it is shown cannot be opened: remove it and add it anew")]
    Sealed(#[from] keys::KeyError),
    /// What it wants to be shown is no text.
    #[error("what it is shown is no text: remove it and add it anew")]
    NoText(#[from] std::str::Utf8Error),
}

/// What the value of `Authorization` for a system is sealed for.
#[must_use]
pub fn purpose(subscription_id: SubscriptionId) -> String {
    format!("fhir-subscription/{subscription_id}")
}

/// Tells of results.
#[derive(Debug, Clone)]
pub struct NoticeJob {
    database: Database,
    keys: Keyring,
}

impl NoticeJob {
    /// Results of this database.
    #[must_use]
    pub fn new(database: Database, keys: Keyring) -> Self {
        Self { database, keys }
    }

    async fn tell_all(&self, job: &Leased) -> Result<(), JobError> {
        let report_id = job
            .report_id
            .ok_or_else(|| JobError("the job names no report".to_owned()))?;
        let mut tx = self.database.begin(&Actor::worker()).await?;
        let found = results::of_report(&mut tx, report_id).await?;
        let wanting = subscriptions::all(&mut tx).await?;
        let sealed = subscriptions::sealed(&mut tx).await?;
        let told = subscriptions::told(&mut tx, report_id).await?;
        tx.commit().await?;
        // What was removed meanwhile is not told of.
        if let Some(result) = &found {
            let at = result.report.updated_at;
            let resource = diagnostic_report::resource(&result.report, false);
            // Read anew, since authorities of this system change.
            let outgoing = Outgoing::new()?;
            let is_open =
                |one: &&Subscription| told.get(&one.subscription_id).is_none_or(|was| *was < at);
            let tell = async |to: &Subscription| -> Result<(), JobError> {
                let shown = sealed.get(&to.subscription_id).map(Vec::as_slice);
                self.tell(&outgoing, to, shown, &resource).await?;
                Ok(self.note(report_id, to, at).await?)
            };
            let telling: Vec<_> = wanting
                .iter()
                .filter(is_open)
                .map(|to| (to.name.clone(), tell(to)))
                .collect();
            jobs::for_each(telling).await?;
        }
        jobs::end(&self.database, job).await
    }

    async fn tell(
        &self,
        outgoing: &Outgoing,
        to: &Subscription,
        sealed: Option<&[u8]>,
        resource: &Value,
    ) -> Result<(), NoticeError> {
        let mut url: Url = to.endpoint.parse().map_err(|_| NoticeError::Address)?;
        if !outgoing::is_closed(&url) {
            return Err(NoticeError::Address);
        }
        let shown = sealed
            .map(|sealed| self.keys.open(&purpose(to.subscription_id), sealed))
            .transpose()?;
        let authorization = shown
            .as_ref()
            .map(|shown| std::str::from_utf8(shown))
            .transpose()?;
        let sent = if to.is_content_sent {
            let id = resource["id"].as_str().unwrap_or_default();
            url.path_segments_mut()
                .map_err(|()| NoticeError::Address)?
                .pop_if_empty()
                .extend([FhirKind::DiagnosticReport.as_str(), id]);
            Sent {
                method: Method::PUT,
                authorization,
                content_type: Some(answer::JSON),
                body: resource.to_string().into(),
            }
        } else {
            Sent {
                method: Method::POST,
                authorization,
                content_type: None,
                body: Vec::new().into(),
            }
        };
        let answer = outgoing.send(&url, sent).await?;
        if (200..300).contains(&answer.status) {
            Ok(())
        } else {
            Err(NoticeError::Refused(answer.status))
        }
    }

    async fn note(
        &self,
        report_id: ReportId,
        told: &Subscription,
        at: DateTime<Utc>,
    ) -> Result<(), DbError> {
        let mut tx = self.database.begin(&Actor::worker()).await?;
        subscriptions::note(&mut tx, report_id, told.subscription_id, at).await?;
        let form = if told.is_content_sent {
            "fhir DiagnosticReport"
        } else {
            "fhir notice without content"
        };
        let act = Act::new(AuditAction::SendResult, EntityType::Report)
            .on(report_id)
            .new_values(json!({ "receiver": told.name, "form": form }));
        tx.audit(act).await?;
        tx.commit().await
    }
}

impl Handler for NoticeJob {
    fn kind(&self) -> &'static str {
        NOTICE_JOB
    }

    fn run<'a>(&'a self, job: &'a Leased) -> BoxFuture<'a, Result<(), JobError>> {
        self.tell_all(job).boxed()
    }

    fn died<'a>(
        &'a self,
        tx: &'a mut ActorTx,
        job: &'a Leased,
        error: &'a str,
    ) -> BoxFuture<'a, Result<(), DbError>> {
        tracing::error!(job = %job.job_id, error, "systems were not told of a signed result");
        results::tell_of_failure(tx, job.report_id).boxed()
    }
}
