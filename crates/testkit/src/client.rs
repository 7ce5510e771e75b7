//! A client that speaks real HTTP.

use reqwest::{Method, RequestBuilder, StatusCode, multipart};
use serde_json::Value;

/// A client of a test portal, signed in or not.
#[derive(Debug, Clone)]
pub struct Client {
    /// Where the portal is.
    pub base: String,
    /// The bearer token.
    pub token: Option<String>,
    /// Who is signed in: the `user` of the sign-in's answer.
    pub user: Value,
    http: reqwest::Client,
}

/// An answer, read whole.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: reqwest::header::HeaderMap,
    /// The body.
    pub bytes: Vec<u8>,
}

impl Answer {
    /// The body as JSON.
    ///
    /// # Panics
    /// When it is none; the message shows the start of it.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|error| {
            panic!(
                "no JSON ({error}) in an answer of {}: {:.300}",
                self.status,
                String::from_utf8_lossy(&self.bytes)
            )
        })
    }

    /// The body as JSON of an answer that has this status.
    ///
    /// # Panics
    /// When the status is another one; the message shows the body.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(
            self.status.as_u16(),
            status,
            "{:.2000}",
            String::from_utf8_lossy(&self.bytes)
        );
        if self.bytes.is_empty() || !self.is_json() {
            Value::Null
        } else {
            self.json()
        }
    }

    fn is_json(&self) -> bool {
        self.headers
            .get("content-type")
            .is_some_and(|media| media.to_str().is_ok_and(|media| media.contains("json")))
    }
}

impl Client {
    pub(crate) fn new(base: String) -> Self {
        Self {
            base,
            token: None,
            user: Value::Null,
            http: reqwest::Client::new(),
        }
    }

    /// A request with this client's token.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Sends a request and reads the answer.
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        let response = request.send().await.unwrap();
        Answer {
            status: response.status(),
            headers: response.headers().clone(),
            bytes: response.bytes().await.unwrap().to_vec(),
        }
    }

    /// `GET`.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    /// `DELETE`.
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// `POST` with JSON.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::POST, path).json(&body))
            .await
    }

    /// `PUT` with JSON.
    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::PUT, path).json(&body)).await
    }

    /// `PATCH` with JSON.
    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::PATCH, path).json(&body))
            .await
    }

    /// Sends films in.
    pub async fn upload(&self, files: Vec<(&str, Vec<u8>)>, fields: &[(&str, &str)]) -> Answer {
        let mut form = multipart::Form::new();
        for (name, value) in fields {
            form = form.text((*name).to_owned(), (*value).to_owned());
        }
        for (name, bytes) in files {
            form = form.part(
                "files",
                multipart::Part::bytes(bytes).file_name(name.to_owned()),
            );
        }
        self.send(
            self.request(Method::POST, "/api/reports/upload")
                .multipart(form),
        )
        .await
    }

    /// Signs in and keeps the token.
    pub async fn sign_in(&mut self, email: &str, password: &str) -> Answer {
        let answer = self
            .post(
                "/api/auth/login",
                serde_json::json!({ "email": email, "password": password }),
            )
            .await;
        if answer.status.is_success() {
            let body = answer.json();
            self.token = body["token"].as_str().map(str::to_owned);
            self.user = body["user"].clone();
        }
        answer
    }

    /// The identifier of who is signed in.
    #[must_use]
    pub fn user_id(&self) -> String {
        self.user["id"].as_str().unwrap_or_default().to_owned()
    }
}
