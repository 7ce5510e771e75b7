//! An authenticator in software, as browsers and telephones have one: for tests. Each of its faults can be had.

// It serves tests, and stops with the reason as they do.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc)]

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ciborium::{Value, cbor};
use ring::{
    digest::{SHA256, digest},
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair},
};
use serde_json::json;

/// The kind of its key.
#[derive(Debug)]
enum Key {
    Es256(EcdsaKeyPair),
    EdDsa(Ed25519KeyPair),
}

/// An authenticator with one passkey.
#[derive(Debug)]
pub struct Authenticator {
    key: Key,
    /// Its name for the passkey.
    pub credential_id: Vec<u8>,
    /// The page that asks, as the browser sees it.
    pub origin: String,
    /// The name that the passkey is bound to.
    pub site: String,
    /// Whether it verifies who uses it.
    pub verifies: bool,
    /// How often it says it was used.
    pub sign_count: u32,
    /// By how much each use raises that; 0: it does not count.
    pub step: u32,
    /// Whether copies are kept elsewhere.
    pub is_backed_up: bool,
    /// Whose passkey it is, in base64url; learnt at the registration.
    pub user_handle: Option<String>,
}

impl Authenticator {
    /// One with a key on P-256, used at pages of this origin.
    #[must_use]
    pub fn new(origin: &str, site: &str) -> Self {
        let random = SystemRandom::new();
        let kind = &ECDSA_P256_SHA256_ASN1_SIGNING;
        let made = EcdsaKeyPair::generate_pkcs8(kind, &random).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(kind, made.as_ref(), &random).unwrap();
        Self::with_key(Key::Es256(key), origin, site)
    }

    /// One with a key on Curve25519.
    #[must_use]
    pub fn with_ed25519(origin: &str, site: &str) -> Self {
        let made = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let key = Ed25519KeyPair::from_pkcs8(made.as_ref()).unwrap();
        Self::with_key(Key::EdDsa(key), origin, site)
    }

    fn with_key(key: Key, origin: &str, site: &str) -> Self {
        let public = match &key {
            Key::Es256(pair) => pair.public_key().as_ref(),
            Key::EdDsa(pair) => pair.public_key().as_ref(),
        };
        Self {
            credential_id: digest(&SHA256, public).as_ref()[..20].to_vec(),
            key,
            origin: origin.to_owned(),
            site: site.to_owned(),
            verifies: true,
            sign_count: 0,
            step: 1,
            is_backed_up: false,
            user_handle: None,
        }
    }

    /// What the browser says of a ceremony.
    #[must_use]
    pub fn client_data(&self, ceremony: &str, challenge: &str) -> Vec<u8> {
        json!({ "type": ceremony, "challenge": challenge, "origin": self.origin, "crossOrigin": false })
            .to_string()
            .into_bytes()
    }

    /// The answer to the options of a registration.
    #[must_use]
    pub fn attestation(&self) -> Vec<u8> {
        let mut data = self.data(0x40);
        data.extend([0; 16]);
        data.extend(
            u16::try_from(self.credential_id.len())
                .unwrap()
                .to_be_bytes(),
        );
        data.extend(&self.credential_id);
        ciborium::into_writer(&self.public_key(), &mut data).unwrap();
        let object = cbor!({
            "fmt" => "none",
            "attStmt" => {},
            "authData" => Value::Bytes(data),
        });
        let mut bytes = Vec::new();
        ciborium::into_writer(&object.unwrap(), &mut bytes).unwrap();
        bytes
    }

    /// The authenticator's part of a proof, and its signature.
    #[must_use]
    pub fn sign(&self, client_data: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let data = self.data(0);
        let signed = [&data, digest(&SHA256, client_data).as_ref()].concat();
        let signature = match &self.key {
            Key::Es256(pair) => pair
                .sign(&SystemRandom::new(), &signed)
                .unwrap()
                .as_ref()
                .to_vec(),
            Key::EdDsa(pair) => pair.sign(&signed).as_ref().to_vec(),
        };
        (data, signature)
    }

    /// What a browser sends for the options of a registration.
    pub fn register(&mut self, options: &serde_json::Value) -> serde_json::Value {
        self.user_handle = options["user"]["id"].as_str().map(str::to_owned);
        let client = self.client_data("webauthn.create", options["challenge"].as_str().unwrap());
        json!({
            "id": text(&self.credential_id),
            "rawId": text(&self.credential_id),
            "type": "public-key",
            "response": {
                "clientDataJSON": text(&client),
                "attestationObject": text(&self.attestation()),
                "transports": ["internal"],
            },
            "clientExtensionResults": {},
        })
    }

    /// What a browser sends for the options of a proof.
    pub fn prove(&mut self, options: &serde_json::Value) -> serde_json::Value {
        self.sign_count += self.step;
        let client = self.client_data("webauthn.get", options["challenge"].as_str().unwrap());
        let (data, signature) = self.sign(&client);
        json!({
            "id": text(&self.credential_id),
            "rawId": text(&self.credential_id),
            "type": "public-key",
            "response": {
                "clientDataJSON": text(&client),
                "authenticatorData": text(&data),
                "signature": text(&signature),
                "userHandle": self.user_handle,
            },
            "clientExtensionResults": {},
        })
    }

    fn data(&self, more: u8) -> Vec<u8> {
        let verified = if self.verifies { 4 } else { 0 };
        let backed_up = if self.is_backed_up { 0x18 } else { 0 };
        let mut data = digest(&SHA256, self.site.as_bytes()).as_ref().to_vec();
        data.push(1 | verified | backed_up | more);
        data.extend(self.sign_count.to_be_bytes());
        data
    }

    /// The key as COSE writes it.
    #[must_use]
    pub fn public_key(&self) -> Value {
        match &self.key {
            Key::Es256(pair) => {
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                cbor!({
                    1 => 2, 3 => -7, -1 => 1, -2 => Value::Bytes(x.to_vec()), -3 => Value::Bytes(y.to_vec()),
                })
            }
            Key::EdDsa(pair) => {
                let x = pair.public_key().as_ref().to_vec();
                cbor!({ 1 => 1, 3 => -8, -1 => 6, -2 => Value::Bytes(x) })
            }
        }
        .unwrap()
    }
}

fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
