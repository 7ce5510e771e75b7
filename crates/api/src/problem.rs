//! Errors as RFC 9457 problem details. Every refusal and failure of the interface is made here and
//! nowhere else, so that each has a stable `code`, the fields at fault, and the request's id.

use axum::{
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use db::DbError;
use serde::Serialize;
use utoipa::ToSchema;

pub(crate) use crate::sign_on_fault::SignOnFault;
use crate::{
    codes::{FieldCode, problem_code},
    outcome,
};

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// The field, such as `follow_up_date`; a path with dots for nested ones.
    pub field: String,
    /// A stable word, such as `required`.
    pub code: FieldCode,
    /// What is wrong, and what is wanted.
    pub detail: String,
    /// The most characters that are allowed (`too_long` only, where there is one number).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
}

/// The body of every error (RFC 9457, media type `application/problem+json`).
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ProblemBody {
    /// A URN that names the kind of problem.
    pub r#type: String,
    /// The kind of problem in words.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong this time, and what to do.
    pub detail: String,
    /// A stable word for programs.
    #[schema(schema_with = problem_code)]
    pub code: &'static str,
    /// The request, as in the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Everything wrong with the fields, at once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// The files that were not taken (uploads only).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rejected: Vec<intake::Rejected>,
}

/// A refusal or failure.
#[derive(Debug)]
pub enum Problem {
    /// The request is not of the form wanted.
    Malformed(String),
    /// Fields do not hold what they should.
    Invalid(Vec<FieldError>),
    /// Nobody is signed in, or the session is over.
    Unauthenticated,
    /// E-mail and password do not match.
    WrongCredentials,
    /// The code of the second factor is wrong, or was used.
    WrongCode,
    /// A passkey's answer is no proof.
    WrongPasskey,
    /// A sign-in that waited for its second factor is over.
    SignInOver,
    /// Somebody is not let in by single sign-on; the text goes to log and audit trail only.
    NotSignedOn(SignOnFault, String),
    /// Whoever holds the session has to prove anew who that is.
    StepUpRequired,
    /// Too many attempts; seconds to wait.
    TooManyAttempts(i64),
    /// Too many requests from one address or with one session; seconds to wait.
    TooManyRequests(i64),
    /// The role may not do this.
    Forbidden(String),
    /// There is no such thing, or this user may not see it.
    NotFound(&'static str),
    /// It does not fit the present state.
    Conflict {
        /// A stable word.
        code: &'static str,
        /// What stands in the way.
        detail: String,
    },
    /// No file of an upload was taken.
    NothingTaken(Vec<intake::Rejected>),
    /// The request or a file in it is too large.
    TooLarge(String),
    /// The picture cannot be made into what was asked for.
    Unprocessable {
        /// A stable word.
        code: &'static str,
        /// Why.
        detail: String,
    },
    /// A header is not as the protocol of a path wants it.
    Protocol {
        /// The status that the protocol gives it.
        status: StatusCode,
        /// A stable word.
        code: &'static str,
        /// What is wanted.
        detail: String,
    },
    /// A part that is needed is away for the moment; the text goes to the log only.
    Unavailable(Away, String),
    /// A fault of ours; the text goes to the log only.
    Internal(String),
}

/// What is away for the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Away {
    /// The database.
    Database,
    /// Room on a disk, or the database's memory or connections.
    Room,
    /// Another part.
    Part,
}

impl Away {
    /// What a user is told; a technician sees the cause in the log.
    const fn sentence(self) -> &'static str {
        match self {
            Self::Database => {
                "the portal's database does not answer; nothing was changed, try again in a few seconds"
            }
            Self::Room => {
                "the portal's disk is full, or its database has no room left; nothing was changed: tell tech, keep the film and send it again"
            }
            Self::Part => {
                "a part of the portal is away; nothing was changed, try again in a few seconds"
            }
        }
    }
}

impl Problem {
    /// One field is wrong.
    pub fn field(field: &str, code: FieldCode, detail: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError {
            field: field.to_owned(),
            code,
            detail: detail.into(),
            limit: None,
        }])
    }

    /// Why somebody was not let in by single sign-on, for the audit trail.
    pub(crate) fn why_not_signed_on(&self) -> Option<&str> {
        match self {
            Self::NotSignedOn(_, cause) => Some(cause),
            _ => None,
        }
    }

    fn parts(&self) -> (StatusCode, &'static str, &'static str, String) {
        match self {
            Self::Malformed(detail) => (
                StatusCode::BAD_REQUEST,
                "malformed",
                "The request cannot be read",
                detail.clone(),
            ),
            Self::Invalid(errors) => {
                let detail = errors
                    .iter()
                    .map(|error| format!("{}: {}", error.field, error.detail))
                    .collect::<Vec<_>>()
                    .join("; ");
                (
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "invalid",
                    "Some fields are not right",
                    detail,
                )
            }
            Self::Unauthenticated => (
                StatusCode::UNAUTHORIZED,
                "unauthenticated",
                "Not signed in",
                "sign in (POST /api/auth/login) and send the token as 'Authorization: Bearer …'"
                    .to_owned(),
            ),
            Self::WrongCredentials => (
                StatusCode::UNAUTHORIZED,
                "wrong_credentials",
                "Sign-in failed",
                "e-mail and password do not match an account that may sign in".to_owned(),
            ),
            Self::WrongCode => (
                StatusCode::UNAUTHORIZED,
                "wrong_code",
                "The code is not right",
                "this code is wrong, was used already, or is too old: take the one that is shown now".to_owned(),
            ),
            Self::WrongPasskey => (
                StatusCode::UNAUTHORIZED,
                "wrong_passkey",
                "The passkey is not right",
                "this passkey was not accepted: try again, or sign in another way".to_owned(),
            ),
            Self::SignInOver => (
                StatusCode::UNAUTHORIZED,
                "sign_in_over",
                "Start over",
                "this sign-in took too long or is done: start over with the password".to_owned(),
            ),
            Self::NotSignedOn(fault, _) => {
                let (status, code, detail) = fault.parts();
                (status, code, "Single sign-on failed", detail.to_owned())
            }
            Self::StepUpRequired => (
                StatusCode::FORBIDDEN,
                "step_up_required",
                "Prove who you are",
                "this needs a fresh proof of who you are: POST /api/auth/step-up with your code or password, then repeat the request".to_owned(),
            ),
            Self::TooManyAttempts(seconds) => (
                StatusCode::TOO_MANY_REQUESTS,
                "too_many_attempts",
                "Too many attempts",
                format!(
                    "too many failed sign-ins for this address: wait {seconds} {} and try again",
                    if *seconds == 1 { "second" } else { "seconds" }
                ),
            ),
            Self::TooManyRequests(seconds) => (
                StatusCode::TOO_MANY_REQUESTS,
                "too_many_requests",
                "Too many requests",
                format!(
                    "this address or session asks for more than its share: wait {seconds} s and go on more slowly"
                ),
            ),
            Self::Forbidden(detail) => (
                StatusCode::FORBIDDEN,
                "forbidden",
                "Not allowed",
                detail.clone(),
            ),
            Self::NotFound(what) => (
                StatusCode::NOT_FOUND,
                "not_found",
                "Not found",
                format!("there is no such {what}, or you may not see it"),
            ),
            Self::Conflict { code, detail } => (
                StatusCode::CONFLICT,
                code,
                "Not possible as things stand",
                detail.clone(),
            ),
            Self::NothingTaken(rejected) => {
                let detail = rejected
                    .iter()
                    .map(|file| format!("{}: {}", file.file, file.detail))
                    .collect::<Vec<_>>()
                    .join("; ");
                (
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "nothing_taken",
                    "No file was taken",
                    detail,
                )
            }
            Self::TooLarge(detail) => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "too_large",
                "Too large",
                detail.clone(),
            ),
            Self::Unprocessable { code, detail } => (
                StatusCode::UNPROCESSABLE_ENTITY,
                code,
                "Cannot be done with this",
                detail.clone(),
            ),
            Self::Protocol {
                status,
                code,
                detail,
            } => (
                *status,
                code,
                "Not as the protocol of this path wants it",
                detail.clone(),
            ),
            Self::Unavailable(away, _) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "Not available for the moment",
                away.sentence().to_owned(),
            ),
            Self::Internal(_) => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "A fault of the portal",
                "something went wrong here; the log has it under the request's id".to_owned(),
            ),
        }
    }
}

/// The problem of a response, until [`finish`] turns it into its body.
#[derive(Clone)]
struct Pending(ProblemBody);

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, code, title, detail) = self.parts();
        match &self {
            Self::Internal(cause) => tracing::error!(code, cause, "request failed"),
            Self::NotSignedOn(_, cause) => {
                tracing::warn!(code, cause, "single sign-on failed");
            }
            Self::Unavailable(_, cause) => {
                tracing::warn!(code, cause, "request could not be served");
            }
            _ => tracing::debug!(code, "request refused"),
        }
        let retry_after = match &self {
            Self::TooManyAttempts(seconds) | Self::TooManyRequests(seconds) => Some(*seconds),
            Self::Unavailable(..) => Some(2),
            _ => None,
        };
        let mut response = status.into_response();
        if let Some(seconds) = retry_after {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        let (errors, rejected) = match self {
            Self::Invalid(errors) => (errors, Vec::new()),
            Self::NothingTaken(rejected) => (Vec::new(), rejected),
            _ => (Vec::new(), Vec::new()),
        };
        response.extensions_mut().insert(Pending(ProblemBody {
            r#type: format!("urn:medical-portal:problem:{code}"),
            title,
            status: status.as_u16(),
            detail,
            code,
            request_id: None,
            errors,
            rejected,
        }));
        response
    }
}

/// Gives each problem its body with the request's id. Also dresses the router's own refusals
/// (unknown path, wrong method) as problems.
pub(crate) async fn finish(request: Request, next: Next) -> Response {
    let id = request
        .headers()
        .get("x-request-id")
        .and_then(|id| id.to_str().ok())
        .map(str::to_owned);
    let path = request.uri().path();
    let is_fhir = path == "/fhir" || path.starts_with("/fhir/");
    let is_api = is_fhir
        || ["/api/", "/dicomweb"]
            .iter()
            .any(|room| path.starts_with(room));
    let mut response = next.run(request).await;
    let pending = response
        .extensions_mut()
        .remove::<Pending>()
        .map(|pending| pending.0)
        .or_else(|| {
            let bare = is_api && !response.headers().contains_key(header::CONTENT_TYPE);
            match response.status() {
                StatusCode::METHOD_NOT_ALLOWED if bare => Some(bare_problem(
                    StatusCode::METHOD_NOT_ALLOWED,
                    "method_not_allowed",
                    "Wrong method",
                )),
                status if is_fhir && status.as_u16() >= 400 && !outcome::is_one(&response) => {
                    Some(bare_problem(
                        status,
                        "refused",
                        status.canonical_reason().unwrap_or("Refused"),
                    ))
                }
                _ => None,
            }
        });
    let Some(mut body) = pending else {
        return response;
    };
    body.request_id = id;
    let status = response.status();
    let headers = response.headers().clone();
    let (media, text) = if is_fhir {
        (outcome::MEDIA, outcome::of(&body).to_string())
    } else {
        let text = serde_json::to_string(&body).unwrap_or_default();
        ("application/problem+json", text)
    };
    let mut finished = (status, text).into_response();
    for (name, value) in &headers {
        if name != header::CONTENT_LENGTH && name != header::CONTENT_TYPE {
            finished.headers_mut().insert(name, value.clone());
        }
    }
    finished
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    finished
}

fn bare_problem(status: StatusCode, code: &'static str, title: &'static str) -> ProblemBody {
    ProblemBody {
        r#type: format!("urn:medical-portal:problem:{code}"),
        title,
        status: status.as_u16(),
        detail: match status {
            StatusCode::METHOD_NOT_ALLOWED => {
                "this path does not take that method: see /api/docs".to_owned()
            }
            status => format!("the request was refused with status {}", status.as_u16()),
        },
        code,
        request_id: None,
        errors: Vec::new(),
        rejected: Vec::new(),
    }
}

impl From<DbError> for Problem {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Unreachable(_) => Self::Unavailable(Away::Database, chain(&error)),
            DbError::NoRoom(_) => Self::Unavailable(Away::Room, chain(&error)),
            _ => Self::Internal(chain(&error)),
        }
    }
}

impl From<blobs::BlobError> for Problem {
    fn from(error: blobs::BlobError) -> Self {
        match error {
            blobs::BlobError::TooLarge { limit } => Self::TooLarge(format!(
                "a file is larger than {limit} bytes: send a smaller one, or have tech raise the limit"
            )),
            blobs::BlobError::DiskFull { .. } => Self::Unavailable(Away::Room, chain(&error)),
            blobs::BlobError::Busy => Self::Conflict {
                code: "upload_busy",
                detail: error.to_string(),
            },
            _ => Self::Internal(chain(&error)),
        }
    }
}

impl From<tokio::task::JoinError> for Problem {
    fn from(error: tokio::task::JoinError) -> Self {
        Self::Internal(format!("a task ended before its time: {error}"))
    }
}

impl From<db::InvalidCursor> for Problem {
    fn from(error: db::InvalidCursor) -> Self {
        Self::field("cursor", FieldCode::InvalidCursor, error.to_string())
    }
}

/// An error with its sources, for the log.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text = format!("{text}: {inner}");
        source = inner.source();
    }
    text
}
