//! A provider of single sign-on on loopback: tells the truth, or what a test wants it to tell.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::{get, post},
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use ring::{
    digest::{SHA256, digest},
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde_json::{Value, json};

/// The portal's name there.
pub(crate) const CLIENT_ID: &str = "portal";
/// The portal's secret there, with letters that need to be written otherwise on the way.
pub(crate) const CLIENT_SECRET: &str = "a secret: ä/+&=";

/// How it signs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Signing {
    /// With the key that it names.
    #[default]
    Right,
    /// With another key under the same name.
    AnotherKey,
    /// Not at all: `alg: none`.
    None,
}

#[derive(Debug)]
struct Inner {
    issuer: String,
    /// What stands in tokens beside what belongs there, and in its place.
    claims: Value,
    signing: Signing,
    /// By code: nonce and code challenge of the sign-in.
    codes: BTreeMap<String, (String, String)>,
    keys: [EcdsaKeyPair; 2],
}

/// A provider.
#[derive(Debug, Clone)]
pub struct SignOnServer {
    /// Its name, an address on loopback.
    pub issuer: String,
    inner: Arc<Mutex<Inner>>,
}

fn key() -> EcdsaKeyPair {
    let random = SystemRandom::new();
    let kind = &ECDSA_P256_SHA256_FIXED_SIGNING;
    let made = EcdsaKeyPair::generate_pkcs8(kind, &random).unwrap();
    EcdsaKeyPair::from_pkcs8(kind, made.as_ref(), &random).unwrap()
}

fn text(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl SignOnServer {
    /// Starts one.
    ///
    /// # Panics
    /// When loopback has no free port.
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let inner = Inner {
            issuer: issuer.clone(),
            claims: json!({}),
            signing: Signing::Right,
            codes: BTreeMap::new(),
            keys: [key(), key()],
        };
        let server = Self {
            issuer,
            inner: Arc::new(Mutex::new(inner)),
        };
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(describe))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .with_state(server.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        server
    }

    /// What stands in tokens from now on, and how they are signed.
    ///
    /// # Panics
    /// When a request panicked.
    pub fn says(&self, claims: Value, signing: Signing) {
        let mut inner = self.inner.lock().unwrap();
        inner.claims = claims;
        inner.signing = signing;
    }

    /// Somebody signs in at the address that the portal gave. Gives what the browser comes back with.
    ///
    /// # Panics
    /// When the address is not as the standard wants it.
    #[must_use]
    pub fn visit(&self, address: &str) -> Value {
        let url = url::Url::parse(address).unwrap();
        let asked: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
        assert!(address.starts_with(&self.issuer), "{address}");
        assert_eq!(asked["response_type"], "code");
        assert_eq!(asked["client_id"], CLIENT_ID);
        assert_eq!(asked["code_challenge_method"], "S256");
        assert!(asked["scope"].split(' ').any(|scope| scope == "openid"));
        let code = text(asked["state"].as_bytes());
        let pending = (asked["nonce"].clone(), asked["code_challenge"].clone());
        self.inner
            .lock()
            .unwrap()
            .codes
            .insert(code.clone(), pending);
        json!({ "state": asked["state"], "code": code })
    }
}

async fn describe(State(server): State<SignOnServer>) -> Json<Value> {
    let at = |path: &str| format!("{}{path}", server.issuer);
    Json(json!({
        "issuer": server.issuer,
        "authorization_endpoint": at("/auth?tenant=1"),
        "token_endpoint": at("/token"),
        "jwks_uri": at("/keys"),
        "end_session_endpoint": at("/logout"),
        "response_types_supported": ["code"],
    }))
}

async fn keys(State(server): State<SignOnServer>) -> Json<Value> {
    let inner = server.inner.lock().unwrap();
    let (x, y) = inner.keys[0].public_key().as_ref()[1..].split_at(32);
    let key = json!({ "kty": "EC", "crv": "P-256", "kid": "k1", "x": text(x), "y": text(y) });
    Json(json!({ "keys": [key] }))
}

async fn token(
    State(server): State<SignOnServer>,
    headers: HeaderMap,
    body: String,
) -> (StatusCode, Json<Value>) {
    let refuse = |error: &str| (StatusCode::BAD_REQUEST, Json(json!({ "error": error })));
    let encode =
        |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = format!("{}:{}", encode(CLIENT_ID), encode(CLIENT_SECRET));
    let basic = format!("Basic {}", STANDARD.encode(pair));
    if headers
        .get("authorization")
        .map(axum::http::HeaderValue::as_bytes)
        != Some(basic.as_bytes())
    {
        return refuse("invalid_client");
    }
    let form: BTreeMap<String, String> = url::form_urlencoded::parse(body.as_bytes())
        .into_owned()
        .collect();
    let mut inner = server.inner.lock().unwrap();
    let Some((nonce, challenge)) = inner.codes.remove(&form["code"]) else {
        return refuse("invalid_grant");
    };
    if text(digest(&SHA256, form["code_verifier"].as_bytes())) != challenge {
        return refuse("invalid_grant");
    }
    let mut claims = json!({ "iss": inner.issuer, "aud": CLIENT_ID, "nonce": nonce });
    for (name, value) in inner.claims.as_object().unwrap() {
        claims[name] = value.clone();
    }
    let algorithm = match inner.signing {
        Signing::None => "none",
        _ => "ES256",
    };
    let header = json!({ "alg": algorithm, "kid": "k1" });
    let signed = format!("{}.{}", text(header.to_string()), text(claims.to_string()));
    let key = &inner.keys[usize::from(inner.signing == Signing::AnotherKey)];
    let signature = match inner.signing {
        Signing::None => String::new(),
        _ => text(key.sign(&SystemRandom::new(), signed.as_bytes()).unwrap()),
    };
    let id_token = format!("{signed}.{signature}");
    let tokens = json!({ "access_token": "unused", "token_type": "Bearer", "id_token": id_token });
    (StatusCode::OK, Json(tokens))
}
