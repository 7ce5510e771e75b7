//! Request bodies and queries, refused as problems that name the field; and the checks that say
//! everything wrong at once.

use axum::{
    extract::{FromRequest, FromRequestParts, Request, rejection::BytesRejection},
    http::request::Parts,
};
use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::{
    codes::FieldCode,
    problem::{FieldError, Problem},
    refusals::Asked,
    shape,
};

/// A JSON body.
pub(crate) struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + ToSchema> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let is_json = request
            .headers()
            .get("content-type")
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| {
                value.split(';').next().is_some_and(|media| {
                    media.trim() == "application/json" || media.trim().ends_with("+json")
                })
            });
        if !is_json {
            return Err(Problem::Malformed(
                "send the body as JSON, with 'Content-Type: application/json'".to_owned(),
            ));
        }
        let asked = request.extensions().get::<Asked>().cloned();
        let bytes =
            Bytes::from_request(request, state)
                .await
                .map_err(|rejection| match rejection {
                    BytesRejection::FailedToBufferBody(_) => {
                        Problem::TooLarge("the body is too large for this path".to_owned())
                    }
                    other => Problem::Malformed(other.body_text()),
                })?;
        if has_nul_escape(&bytes) {
            return Err(Problem::Malformed(
                "texts must not hold the character NUL (\\u0000)".to_owned(),
            ));
        }
        if let Some(asked) = asked {
            asked.in_body(&bytes);
        }
        let mut deserializer = serde_json::Deserializer::from_slice(&bytes);
        let value = match serde_path_to_error::deserialize(&mut deserializer) {
            Ok(value) => value,
            Err(error) => {
                let path = error.path().to_string();
                return Err(refusal::<T>(&bytes, &path));
            }
        };
        deserializer
            .end()
            .map_err(|error| Problem::Malformed(format!("the body is no JSON: {error}")))?;
        Ok(Self(value))
    }
}

/// Why a body did not become a `T`: all of it, in the words of the interface and not of Rust.
fn refusal<T: ToSchema>(bytes: &[u8], path: &str) -> Problem {
    let body: Value = match serde_json::from_slice(bytes) {
        Ok(body) => body,
        Err(error) => return Problem::Malformed(format!("the body is no JSON: {error}")),
    };
    let faults = shape::body_faults::<T>(&body);
    if faults.is_empty() {
        let field = if path == "." { "body" } else { path };
        return Problem::field(
            field,
            FieldCode::WrongType,
            "is not of the form that this path takes: see /api/docs",
        );
    }
    Problem::Invalid(faults)
}

/// Whether a JSON text holds an escaped NUL, which PostgreSQL cannot store.
pub(crate) fn has_nul_escape(json: &[u8]) -> bool {
    json.windows(6).any(|window| window == b"\\u0000")
}

/// The query of an address.
pub(crate) struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + IntoParams> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        if parts.uri.query().is_some_and(|query| query.contains("%00")) {
            return Err(Problem::field(
                "query",
                FieldCode::Nul,
                "must not hold the character NUL",
            ));
        }
        let known: Vec<(String, Value)> = T::into_params(|| None)
            .into_iter()
            .map(|parameter| {
                let schema = serde_json::to_value(parameter.schema).unwrap_or_default();
                (parameter.name, schema)
            })
            .collect();
        let faults = shape::query_faults(parts.uri.query().unwrap_or_default(), &known);
        if !faults.is_empty() {
            return Err(Problem::Invalid(faults));
        }
        axum::extract::Query::<T>::from_request_parts(parts, state)
            .await
            .map(|axum::extract::Query(value)| Self(value))
            .map_err(|_| {
                Problem::field(
                    "query",
                    FieldCode::WrongType,
                    "is not of the form that this path takes: see /api/docs",
                )
            })
    }
}

/// Identifiers in the path; one that is no UUID is a thing that is not there.
pub(crate) struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        axum::extract::Path::<T>::from_request_parts(parts, state)
            .await
            .map(|axum::extract::Path(value)| Self(value))
            .map_err(|_| Problem::NotFound("thing"))
    }
}

/// Collects what is wrong with a request, so that all of it is said at once.
#[derive(Default)]
pub(crate) struct Checks(Vec<FieldError>);

impl Checks {
    /// Notes a fault unless `fine`.
    pub(crate) fn require(
        &mut self,
        fine: bool,
        field: &str,
        code: FieldCode,
        detail: impl Into<String>,
    ) {
        if !fine {
            self.0.push(FieldError {
                field: field.to_owned(),
                code,
                detail: detail.into(),
                limit: None,
            });
        }
    }

    /// Notes what `check` finds wrong; gives what it found right.
    pub(crate) fn take<T, E: std::fmt::Display>(
        &mut self,
        field: &str,
        code: FieldCode,
        outcome: Result<T, E>,
    ) -> Option<T> {
        outcome
            .map_err(|error| self.require(false, field, code, error.to_string()))
            .ok()
    }

    /// A word of one of the domain's enumerations.
    pub(crate) fn word<T>(&mut self, field: &str, word: Option<&str>) -> Option<T>
    where
        T: std::str::FromStr<Err = domain::text_enum::UnknownWord>,
    {
        word.and_then(|word| self.take(field, FieldCode::UnknownWord, word.parse::<T>()))
    }

    /// A text of at most `most` characters.
    pub(crate) fn at_most(&mut self, field: &str, text: Option<&str>, most: usize) {
        let length = text.map_or(0, |text| text.chars().count());
        if length > most {
            self.0.push(FieldError {
                field: field.to_owned(),
                code: FieldCode::TooLong,
                detail: format!("at most {most} characters; this has {length}"),
                limit: Some(most),
            });
        }
    }

    /// A text of 1 to `most` characters.
    pub(crate) fn present(&mut self, field: &str, text: &str, most: usize) {
        self.require(
            !text.trim().is_empty(),
            field,
            FieldCode::Required,
            "must not be empty",
        );
        self.at_most(field, Some(text), most);
    }

    /// Refuses when anything was wrong.
    pub(crate) fn done(self) -> Result<(), Problem> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Problem::Invalid(self.0))
        }
    }
}
