//! The job that sends a signed result to every receiver that has not taken its present state.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use db::{
    Actor, ActorTx, Database, DbError,
    audit::Act,
    hl7::{self, RESULT_JOB, Receiver},
    jobs::Leased,
    results::{self, CaseResult},
};
use domain::{
    ReportId,
    audit::{AuditAction, EntityType},
};
use futures::{FutureExt, future::BoxFuture};
use jobs::{Handler, JobError};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use serde_json::json;
use tokio::{
    io::{AsyncRead, AsyncWrite, BufReader},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsConnector;

use crate::{
    charset,
    ids::ControlIds,
    message::Message,
    mllp::{self, MllpError},
    result,
};

/// How long a step of a conversation may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// Longest answer.
const LONGEST_ANSWER: usize = 64 << 10;

/// Why a receiver did not take a result. The texts hold nothing of the answer but codes.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// It cannot be reached.
    #[error("it cannot be reached: {0}")]
    Unreachable(#[source] std::io::Error),
    /// It did not answer in time.
    #[error("it did not answer within {} s", PATIENCE.as_secs())]
    Silent,
    /// Its certificates cannot be used.
    #[error("its name or authorities cannot be used: {0}")]
    Trust(String),
    /// The conversation broke.
    #[error(transparent)]
    Mllp(#[from] MllpError),
    /// It closed without an answer.
    #[error("it closed the connection without an answer")]
    NoAnswer,
    /// What it answered is no acknowledgement of this message.
    #[error("its answer does not acknowledge this message")]
    OtherAnswer,
    /// It refused the message.
    #[error("it refused the message: {answer}, error code {code}")]
    Refused {
        /// AE, AR, CE or CR.
        answer: String,
        /// ERR-3, as far as it is a plain code.
        code: String,
    },
}

/// Sends results.
#[derive(Debug, Clone)]
pub struct ResultJob {
    database: Database,
    ids: ControlIds,
}

impl ResultJob {
    /// Results of this database.
    #[must_use]
    pub fn new(database: Database) -> Self {
        Self {
            database,
            ids: ControlIds::default(),
        }
    }

    async fn send_all(&self, job: &Leased) -> Result<(), JobError> {
        let report_id = job
            .report_id
            .ok_or_else(|| JobError("the job names no report".to_owned()))?;
        let mut tx = self.database.begin(&Actor::worker()).await?;
        let found = results::of_report(&mut tx, report_id).await?;
        let receivers = hl7::receivers(&mut tx).await?;
        let taken = hl7::delivered(&mut tx, report_id).await?;
        tx.commit().await?;
        // What was removed meanwhile is not told of.
        if let Some(result) = &found {
            let at = result.report.updated_at;
            let open = |receiver: &&Receiver| taken.get(&receiver.name).is_none_or(|was| *was < at);
            let sending: Vec<_> = receivers
                .iter()
                .filter(open)
                .map(|to| (to.name.clone(), self.send_one(report_id, result, to)))
                .collect();
            jobs::for_each(sending).await?;
        }
        jobs::end(&self.database, job).await
    }

    async fn send_one(
        &self,
        report_id: ReportId,
        result: &CaseResult,
        receiver: &Receiver,
    ) -> Result<(), JobError> {
        let now = self.database.clock().now();
        let id = self.ids.next(now);
        let text = result::message(result, receiver, &id, now);
        converse(receiver, &id, text.as_bytes()).await?;
        self.note(report_id, result.report.updated_at, receiver, &id)
            .await?;
        Ok(())
    }

    async fn note(
        &self,
        report_id: ReportId,
        at: DateTime<Utc>,
        receiver: &Receiver,
        id: &str,
    ) -> Result<(), DbError> {
        let mut tx = self.database.begin(&Actor::worker()).await?;
        hl7::note_delivery(&mut tx, report_id, &receiver.name, at, id).await?;
        let act = Act::new(AuditAction::SendResult, EntityType::Report)
            .on(report_id)
            .new_values(json!({ "receiver": receiver.name, "form": "hl7 ORU^R01", "message": id }));
        tx.audit(act).await?;
        tx.commit().await
    }
}

impl Handler for ResultJob {
    fn kind(&self) -> &'static str {
        RESULT_JOB
    }

    fn run<'a>(&'a self, job: &'a Leased) -> BoxFuture<'a, Result<(), JobError>> {
        self.send_all(job).boxed()
    }

    fn died<'a>(
        &'a self,
        tx: &'a mut ActorTx,
        job: &'a Leased,
        error: &'a str,
    ) -> BoxFuture<'a, Result<(), DbError>> {
        tracing::error!(job = %job.job_id, error, "a signed result was not taken by its receivers");
        results::tell_of_failure(tx, job.report_id).boxed()
    }
}

/// Sends a message and waits for its acknowledgement.
async fn converse(receiver: &Receiver, id: &str, message: &[u8]) -> Result<(), SendError> {
    let address = (receiver.host.as_str(), receiver.port);
    let stream = timeout(PATIENCE, TcpStream::connect(address))
        .await
        .map_err(|_| SendError::Silent)?
        .map_err(SendError::Unreachable)?;
    if !receiver.is_tls {
        return exchange(stream, id, message).await;
    }
    let name = ServerName::try_from(receiver.host.clone())
        .map_err(|error| SendError::Trust(error.to_string()))?;
    let connector = TlsConnector::from(Arc::new(trust(receiver.authorities.as_deref())?));
    let stream = timeout(PATIENCE, connector.connect(name, stream))
        .await
        .map_err(|_| SendError::Silent)?
        .map_err(SendError::Unreachable)?;
    exchange(stream, id, message).await
}

fn trust(authorities: Option<&str>) -> Result<ClientConfig, SendError> {
    let unusable = |error: String| SendError::Trust(error);
    let mut roots = RootCertStore::empty();
    match authorities {
        Some(pem) => {
            for authority in CertificateDer::pem_slice_iter(pem.as_bytes()) {
                let authority = authority.map_err(|error| unusable(error.to_string()))?;
                roots
                    .add(authority)
                    .map_err(|error| unusable(error.to_string()))?;
            }
        }
        None => {
            // What cannot be read of them is not trusted.
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    if roots.is_empty() {
        return Err(unusable("no authority is trusted".to_owned()));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    id: &str,
    message: &[u8],
) -> Result<(), SendError> {
    let mut stream = BufReader::new(stream);
    mllp::send(stream.get_mut(), message, PATIENCE).await?;
    let answer = mllp::receive(&mut stream, LONGEST_ANSWER, PATIENCE, PATIENCE)
        .await?
        .ok_or(SendError::NoAnswer)?;
    acknowledged(&answer, id)
}

/// Whether an answer says that this message was taken.
fn acknowledged(answer: &[u8], id: &str) -> Result<(), SendError> {
    let text = charset::decode(answer).map_err(|_| SendError::OtherAnswer)?;
    let answer = Message::read(&text).map_err(|_| SendError::OtherAnswer)?;
    let said = answer.segment("MSA").ok_or(SendError::OtherAnswer)?;
    if said.field(2).value() != id {
        return Err(SendError::OtherAnswer);
    }
    match said.field(1).value().as_str() {
        "AA" | "CA" => Ok(()),
        code @ ("AE" | "AR" | "CE" | "CR") => Err(SendError::Refused {
            answer: code.to_owned(),
            code: answer
                .segment("ERR")
                .map(|error| error.field(3).value())
                .filter(|code| {
                    code.len() <= 8 && code.bytes().all(|byte| byte.is_ascii_alphanumeric())
                })
                .unwrap_or_else(|| "none".to_owned()),
        }),
        _ => Err(SendError::OtherAnswer),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_acknowledgement_of_this_message_counts() {
        let answer = |code: &str, id: &str| {
            format!(
                "MSH|^~\\&|EHR||PORTAL||20261126||ACK^R01|9|P|2.5\rMSA|{code}|{id}\rERR|||101^x^HL70357|E"
            )
        };
        acknowledged(answer("AA", "7").as_bytes(), "7").unwrap();
        assert!(matches!(
            acknowledged(answer("AA", "8").as_bytes(), "7"),
            Err(SendError::OtherAnswer)
        ));
        assert!(matches!(
            acknowledged(b"OK", "7"),
            Err(SendError::OtherAnswer)
        ));
        let refused = acknowledged(answer("AE", "7").as_bytes(), "7").unwrap_err();
        assert_eq!(
            refused.to_string(),
            "it refused the message: AE, error code 101"
        );
    }
}
