//! The portal's HTTP interface, driven inside the process: the same paths, roles and checks as from
//! outside, without a network.

use axum::{
    Router,
    body::{self, Body},
    http::{Method, Request, header},
};
use domain::{ReportId, ReportStatus, ReviewId, UserId};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::DemoError;

/// Largest answer that is read.
const LARGEST_ANSWER: usize = 8 << 20;
/// Between the parts of a form; longer than any accident.
const BOUNDARY: &str = "medical-portal-demo-5f0c9d1e7a3b48c2b6d4";

/// Somebody signed in.
pub(super) struct Session<'a> {
    router: &'a Router,
    token: String,
}

/// A file to send in.
pub(super) struct Upload<'a> {
    /// Its name.
    pub(super) file: &'a str,
    /// Its bytes.
    pub(super) bytes: &'a [u8],
    /// The form's texts.
    pub(super) fields: Vec<(&'static str, String)>,
}

#[derive(Deserialize)]
struct SignedIn {
    token: String,
}

#[derive(Deserialize)]
struct Receipt {
    reports: Vec<Accepted>,
}

#[derive(Deserialize)]
struct Accepted {
    report_id: ReportId,
}

/// A list's rows.
#[derive(Deserialize)]
pub(super) struct Items<T> {
    pub(super) items: Vec<T>,
}

/// A patient, of what is listed.
#[derive(Deserialize)]
pub(super) struct Patient {
    pub(super) patient_id: UserId,
    pub(super) identifier: Option<String>,
}

/// A report, of what is listed.
#[derive(Deserialize)]
pub(super) struct Report {
    pub(super) report_id: ReportId,
    pub(super) status: ReportStatus,
}

/// A report with all that hangs on it.
#[derive(Deserialize)]
pub(super) struct Detail {
    pub(super) report: Report,
    pub(super) reviews: Vec<Review>,
    pub(super) addenda: Vec<Value>,
    pub(super) claim: Option<Value>,
    pub(super) first_impression: Option<Value>,
    pub(super) release: Option<Release>,
}

/// A review; without `reviewed_at` a draft.
#[derive(Deserialize)]
pub(super) struct Review {
    pub(super) review_id: ReviewId,
    pub(super) reviewed_at: Option<Value>,
}

/// A release; without `released_at` a planned one.
#[derive(Deserialize)]
pub(super) struct Release {
    pub(super) released_at: Option<Value>,
}

impl<'a> Session<'a> {
    /// Signs in.
    pub(super) async fn open(
        router: &'a Router,
        email: &str,
        password: &str,
    ) -> Result<Self, DemoError> {
        let mut session = Self {
            router,
            token: String::new(),
        };
        let path = "/api/auth/login";
        let body = json!({ "email": email, "password": password });
        let signed_in: SignedIn = session.json(Method::POST, path, Some(&body)).await?;
        session.token = signed_in.token;
        Ok(session)
    }

    /// Signs out.
    pub(super) async fn close(self) -> Result<(), DemoError> {
        self.act(Method::POST, "/api/auth/logout", None).await
    }

    /// Sends a request and reads what comes back.
    pub(super) async fn json<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<T, DemoError> {
        let (media, bytes) = match body {
            Some(body) => (Some("application/json"), body.to_string().into_bytes()),
            None => (None, Vec::new()),
        };
        let answer = self.send(method, path, media, bytes).await?;
        serde_json::from_slice(&answer).map_err(|error| DemoError::unexpected(path, error))
    }

    /// Sends a request of whose answer only success counts.
    pub(super) async fn act(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(), DemoError> {
        let (media, bytes) = match body {
            Some(body) => (Some("application/json"), body.to_string().into_bytes()),
            None => (None, Vec::new()),
        };
        self.send(method, path, media, bytes).await.map(|_| ())
    }

    /// Sends a film in, or finds the report that it became before.
    pub(super) async fn upload(&self, upload: &Upload<'_>) -> Result<ReportId, DemoError> {
        let path = "/api/reports/upload";
        let media = format!("multipart/form-data; boundary={BOUNDARY}");
        let answer = self
            .send(Method::POST, path, Some(&media), form(upload))
            .await;
        let not_taken = |detail: String| DemoError::NotTaken {
            file: upload.file.to_owned(),
            detail,
        };
        let bytes = answer.map_err(|error| match error {
            DemoError::Refused { detail, .. } => not_taken(detail),
            other => other,
        })?;
        let receipt: Receipt =
            serde_json::from_slice(&bytes).map_err(|error| DemoError::unexpected(path, error))?;
        receipt
            .reports
            .first()
            .map(|report| report.report_id)
            .ok_or_else(|| not_taken("it became no report".to_owned()))
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        media: Option<&str>,
        bytes: Vec<u8>,
    ) -> Result<Vec<u8>, DemoError> {
        let name = name_of(&method);
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::USER_AGENT, "medical-portal demo");
        if !self.token.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("Bearer {}", self.token));
        }
        if let Some(media) = media {
            request = request.header(header::CONTENT_TYPE, media);
        }
        let request = request
            .body(Body::from(bytes))
            .map_err(|error| DemoError::unexpected(path, error))?;
        let response = match self.router.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        let status = response.status();
        let bytes = body::to_bytes(response.into_body(), LARGEST_ANSWER)
            .await
            .map_err(|error| DemoError::unexpected(path, error))?;
        if status.is_success() {
            return Ok(bytes.to_vec());
        }
        Err(DemoError::Refused {
            method: name,
            path: path.to_owned(),
            status: status.as_u16(),
            detail: detail_of(&bytes),
        })
    }
}

fn name_of(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        _ => "POST",
    }
}

/// What a problem says, the refused files first.
fn detail_of(bytes: &[u8]) -> String {
    let problem: Value = serde_json::from_slice(bytes).unwrap_or_default();
    problem
        .pointer("/rejected/0/detail")
        .or_else(|| problem.get("detail"))
        .and_then(Value::as_str)
        .unwrap_or("no detail was given")
        .to_owned()
}

/// A form as RFC 7578 wants it.
fn form(upload: &Upload<'_>) -> Vec<u8> {
    let mut form = Vec::with_capacity(upload.bytes.len() + 2048);
    for (name, text) in &upload.fields {
        let part = format!(
            "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n"
        );
        form.extend_from_slice(part.as_bytes());
    }
    let head = format!(
        "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"files\"; filename=\"{}\"\r\n\
         content-type: application/octet-stream\r\n\r\n",
        upload.file
    );
    form.extend_from_slice(head.as_bytes());
    form.extend_from_slice(upload.bytes);
    form.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
    form
}
