//! Patients and orders that other systems send, one at a time or as a transaction: each is made or changed once,
//! however often the message comes, in one transaction of the database with what the trail says of it.

use std::collections::HashMap;

use api::{ApiState, Caller, FieldCode, FieldError, Problem};
use axum::http::StatusCode;
use db::orders::{self, OrderContent};
use domain::{
    UserId,
    scope::{FhirKind, Interaction, Scope},
};
use intake::records::{self, RecordError, SentPatient};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    incoming::{self, SentOrder},
    query::Query,
    search::{Context, Found, malformed},
};

/// What is to become of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wish {
    /// It is made, unless there is one by these parameters.
    Make { unless: Option<String> },
    /// The one with this identifier becomes it, if it is of this version still.
    Change { id: String, version: Option<String> },
    /// The one by these parameters becomes it; where there is none, it is made.
    ChangeOrMake { criteria: String },
}

/// A resource with what is to become of it.
#[derive(Debug)]
pub(crate) struct Sent<'s> {
    pub(crate) kind: FhirKind,
    pub(crate) wish: Wish,
    pub(crate) resource: &'s Value,
    /// Where it stands, for what is said of it.
    pub(crate) at: String,
}

/// What became of it.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) status: StatusCode,
    pub(crate) found: Found,
}

/// Who in the same message is meant by a `urn:uuid:`.
pub(crate) type Names = HashMap<String, Uuid>;

/// One message on its way in.
pub(crate) struct Writer<'w, 't> {
    pub(crate) state: &'w ApiState,
    pub(crate) caller: &'w Caller,
    pub(crate) context: Context<'t>,
    /// The address of `/fhir`.
    pub(crate) base: &'w str,
}

fn wrong(at: &str, code: FieldCode, detail: impl Into<String>) -> Problem {
    Problem::Invalid(vec![FieldError {
        field: at.to_owned(),
        code,
        detail: detail.into(),
        limit: None,
    }])
}

/// What the answer to a condition is that fits several (412).
fn several(at: &str) -> Problem {
    Problem::Protocol {
        status: StatusCode::PRECONDITION_FAILED,
        code: "several_found",
        detail: format!(
            "{at}: several resources are found by these parameters; say which one is meant"
        ),
    }
}

impl Writer<'_, '_> {
    /// Does what is wished of a resource.
    pub(crate) async fn take(&mut self, sent: &Sent<'_>, names: &Names) -> Result<Done, Problem> {
        let (before, status) = self.before(sent).await?;
        if let (Wish::Make { .. }, Some(found)) = (&sent.wish, before.as_ref()) {
            // There is one already: that is the answer, and it stays as it is.
            let id = found.id.clone();
            return self.done(sent.kind, StatusCode::OK, id).await;
        }
        let id = match sent.kind {
            FhirKind::Patient => {
                let patient =
                    incoming::patient(&sent.at, sent.resource).map_err(Problem::Invalid)?;
                match &before {
                    Some(found) => self.change_patient(found, &patient, &sent.at).await?,
                    None => self.make_patient(&patient, &sent.at).await?,
                }
            }
            FhirKind::ServiceRequest => {
                let order = incoming::order(&sent.at, sent.resource).map_err(Problem::Invalid)?;
                let patient_id = self.subject(&order.subject, names, &sent.at).await?;
                let content = content(order, patient_id);
                match &before {
                    Some(found) => self.change_order(found, &content, &sent.at).await?,
                    None => self.make_order(&content, &sent.at).await?,
                }
            }
            kind => return Err(malformed(format!("{}: a {kind} is not taken", sent.at))),
        };
        self.done(sent.kind, status, id).await
    }

    /// What there is already of it, and what the answer will be; refused where the caller may not do it.
    async fn before(&mut self, sent: &Sent<'_>) -> Result<(Option<Found>, StatusCode), Problem> {
        let interaction = match sent.wish {
            Wish::Make { .. } => Interaction::Create,
            Wish::Change { .. } | Wish::ChangeOrMake { .. } => Interaction::Update,
        };
        self.require(sent.kind, interaction).await?;
        match &sent.wish {
            Wish::Make { unless: None } => Ok((None, StatusCode::CREATED)),
            Wish::Make {
                unless: Some(criteria),
            } => {
                let found = self.by(sent.kind, criteria, &sent.at).await?;
                Ok((found, StatusCode::CREATED))
            }
            Wish::ChangeOrMake { criteria } => {
                match self.by(sent.kind, criteria, &sent.at).await? {
                    Some(found) => Ok((Some(found), StatusCode::OK)),
                    None => {
                        self.require(sent.kind, Interaction::Create).await?;
                        Ok((None, StatusCode::CREATED))
                    }
                }
            }
            Wish::Change { id, version } => {
                let found = self
                    .one(sent.kind, id.clone())
                    .await?
                    .ok_or(Problem::NotFound(sent.kind.as_str()))?;
                if version
                    .as_deref()
                    .is_some_and(|version| found.value["meta"]["versionId"] != version)
                {
                    return Err(Problem::Protocol {
                        status: StatusCode::PRECONDITION_FAILED,
                        code: "changed_meanwhile",
                        detail: format!("{}: it was changed meanwhile: read it again", sent.at),
                    });
                }
                if sent.resource["id"].as_str() != Some(id.as_str()) {
                    return Err(wrong(
                        &format!("{}.id", sent.at),
                        FieldCode::InvalidId,
                        "must be the identifier in the address",
                    ));
                }
                Ok((Some(found), StatusCode::OK))
            }
        }
    }

    async fn require(&self, kind: FhirKind, interaction: Interaction) -> Result<(), Problem> {
        self.caller
            .require(Scope::fhir(kind, interaction), self.state)
            .await
    }

    /// The one that parameters find.
    async fn by(
        &mut self,
        kind: FhirKind,
        criteria: &str,
        at: &str,
    ) -> Result<Option<Found>, Problem> {
        let pairs: Vec<(String, String)> = form_urlencoded::parse(criteria.as_bytes())
            .into_owned()
            .collect();
        // Anything else might find somebody else tomorrow.
        if pairs.len() != 1 || pairs[0].0 != "identifier" || pairs[0].1.is_empty() {
            return Err(malformed(format!(
                "{at}: a condition is one identifier, such as identifier=SYSTEM|NUMBER"
            )));
        }
        let mut query = Query::parse(kind, &pairs, true, self.base).map_err(malformed)?;
        query.count = 1;
        let mut found = self.context.find(&query).await?;
        if found.len() > 1 {
            return Err(several(at));
        }
        Ok(found.pop())
    }

    async fn one(&mut self, kind: FhirKind, id: String) -> Result<Option<Found>, Problem> {
        let query = Query::of_ids(kind, vec![id], self.base);
        Ok(self.context.find(&query).await?.pop())
    }

    async fn done(
        &mut self,
        kind: FhirKind,
        status: StatusCode,
        id: String,
    ) -> Result<Done, Problem> {
        let found = self
            .one(kind, id)
            .await?
            .ok_or_else(|| Problem::Internal("what was just written is not there".to_owned()))?;
        Ok(Done { status, found })
    }

    async fn make_patient(&mut self, sent: &SentPatient, at: &str) -> Result<String, Problem> {
        let note = self.caller.noting(json!({ "form": "fhir Patient" }));
        let id = records::register_patient(self.context.tx, sent, &note)
            .await
            .map_err(|error| not_taken(error, at))?;
        Ok(id.to_string())
    }

    async fn change_patient(
        &mut self,
        before: &Found,
        sent: &SentPatient,
        at: &str,
    ) -> Result<String, Problem> {
        let id = UserId(before.key);
        let note = self.caller.noting(json!({ "form": "fhir Patient" }));
        records::correct_patient(self.context.tx, id, sent, &note)
            .await
            .map_err(|error| not_taken(error, at))?;
        Ok(id.to_string())
    }

    /// Whom an order is for: somebody in the same message, by identifier, or by the hospital's number.
    async fn subject(
        &mut self,
        reference: &str,
        names: &Names,
        at: &str,
    ) -> Result<UserId, Problem> {
        let place = format!("{at}.subject.reference");
        if let Some(id) = names.get(reference) {
            return Ok(UserId(*id));
        }
        let below = reference
            .strip_prefix(self.base)
            .map_or(reference, |rest| rest.trim_start_matches('/'));
        let found = if let Some(criteria) = below.strip_prefix("Patient?") {
            self.by(FhirKind::Patient, criteria, &place).await?
        } else if let Some(id) = below.strip_prefix("Patient/") {
            self.one(FhirKind::Patient, id.to_owned()).await?
        } else {
            None
        };
        found.map(|patient| UserId(patient.key)).ok_or_else(|| {
            wrong(&place, FieldCode::InvalidId, "no patient is found by this reference: send the patient in the same Bundle, or before")
        })
    }

    async fn make_order(&mut self, content: &OrderContent, at: &str) -> Result<String, Problem> {
        let note = self.caller.noting(json!({ "form": "fhir ServiceRequest" }));
        let id = records::place_order(self.context.tx, content, &note)
            .await
            .map_err(|error| not_taken(error, at))?;
        Ok(id.to_string())
    }

    async fn change_order(
        &mut self,
        before: &Found,
        content: &OrderContent,
        at: &str,
    ) -> Result<String, Problem> {
        let filter = orders::Filter {
            window: db::fhir::Window {
                ids: Some(vec![before.key]),
                limit: 1,
                ..db::fhir::Window::default()
            },
            ..orders::Filter::default()
        };
        let old = orders::find(self.context.tx, &filter)
            .await?
            .pop()
            .ok_or_else(|| Problem::Internal("an order just found is not there".to_owned()))?;
        let note = self.caller.noting(json!({ "form": "fhir ServiceRequest" }));
        records::change_order(self.context.tx, &old, content, &note)
            .await
            .map_err(|error| not_taken(error, at))?;
        Ok(old.order_id.to_string())
    }
}

fn content(sent: SentOrder, patient_id: UserId) -> OrderContent {
    let (placer_issuer, placer_number) = sent
        .placer
        .map_or((String::new(), None), |(issuer, number)| {
            (issuer, Some(number))
        });
    let (procedure_system, procedure_code, procedure_text) = sent.procedure;
    OrderContent {
        patient_id,
        status: sent.status,
        priority: sent.priority,
        placer_issuer,
        placer_number,
        accession_number: sent.accession_number,
        procedure_system,
        procedure_code,
        procedure_text,
        modality: sent.modality,
        station_ae_title: sent.station_ae_title,
        scheduled_at: sent.scheduled_at,
        reason: sent.reason,
        requester: sent.requester,
        authored_at: sent.authored_at,
    }
}

/// Why something was not taken, in the words of an answer.
fn not_taken(error: RecordError, at: &str) -> Problem {
    let conflict = |code: &'static str, detail: &str| Problem::Conflict {
        code,
        detail: format!("{at}: {detail}"),
    };
    match error {
        RecordError::Db(error) => error.into(),
        RecordError::BornInFuture(_) => wrong(
            &format!("{at}.birthDate"),
            FieldCode::OutOfRange,
            "must not be in the future",
        ),
        RecordError::NumberOfAnother | RecordError::NumbersOfSeveral => conflict(
            "identifier_taken",
            "another patient has one of these numbers: search for that patient first",
        ),
        error @ (RecordError::OrderNumberTaken | RecordError::AccessionNumberTaken) => conflict(
            "order_exists",
            &format!("{error}: change that one (PUT by identifier), or revoke it"),
        ),
        error @ RecordError::OrderOfOtherPatient => conflict(
            "order_of_other_patient",
            &format!("{error}: revoke it, and send another one"),
        ),
        error @ RecordError::OrderIsOver { .. } => conflict("order_is_over", &error.to_string()),
        error => Problem::Internal(format!("{at}: {error}")),
    }
}
