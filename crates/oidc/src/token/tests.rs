//! Tokens as a provider makes them, and forged in each way there is.

use ring::{
    hmac,
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair},
};
use serde_json::json;

use super::*;

const ISSUER: &str = "https://login.example.org";
const CLIENT: &str = "portal";

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_000_000, 0).unwrap()
}

fn expected() -> Expected<'static> {
    Expected {
        issuer: ISSUER,
        client_id: CLIENT,
        nonce: "a nonce",
        now: now(),
    }
}

fn text(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

struct Signer {
    pair: EcdsaKeyPair,
    kid: &'static str,
}

impl Signer {
    fn new(kid: &'static str) -> Self {
        let random = SystemRandom::new();
        let kind = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let made = EcdsaKeyPair::generate_pkcs8(kind, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(kind, made.as_ref(), &random).unwrap();
        Self { pair, kid }
    }

    fn jwks(&self) -> Jwks {
        let (x, y) = self.pair.public_key().as_ref()[1..].split_at(32);
        let keys = json!({ "keys": [
            { "kty": "oct", "kid": "other", "k": "AA" },
            { "kty": "EC", "crv": "P-256", "kid": self.kid, "use": "sig", "x": text(x), "y": text(y) },
        ] });
        Jwks::parse(keys.to_string().as_bytes()).unwrap()
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        let signed = format!("{}.{}", text(header.to_string()), text(claims.to_string()));
        let signature = self
            .pair
            .sign(&SystemRandom::new(), signed.as_bytes())
            .unwrap();
        format!("{signed}.{}", text(signature))
    }

    fn token(&self, claims: &Value) -> String {
        self.sign(&json!({ "alg": "ES256", "kid": self.kid }), claims)
    }
}

fn claims() -> Value {
    json!({
        "iss": ISSUER,
        "sub": "f3a1",
        "aud": CLIENT,
        "nonce": "a nonce",
        "iat": now().timestamp(),
        "exp": now().timestamp() + 300,
        "email": "kim@example.org",
        "groups": ["staff", "readers"],
        "realm_access": { "roles": ["doctor"] },
    })
}

#[test]
fn a_token_of_the_provider_says_who_it_is() {
    let signer = Signer::new("k1");
    let found = verify(&signer.token(&claims()), &signer.jwks(), expected()).unwrap();
    assert_eq!(
        (found.subject(), found.email()),
        ("f3a1", Some("kim@example.org"))
    );
    assert_eq!(found.words("groups"), ["staff", "readers"]);
    assert_eq!(found.words("realm_access.roles"), ["doctor"]);
    assert!(found.words("nothing.at.all").is_empty());
    assert!(!found.email_is_verified() && found.methods().is_empty());
    // A list of one audience, and who asked.
    let mut listed = claims();
    listed["aud"] = json!([CLIENT]);
    listed["azp"] = json!(CLIENT);
    listed["email_verified"] = json!(true);
    listed["amr"] = json!(["pwd", "mfa"]);
    listed["acr"] = json!("gold");
    let found = verify(&signer.token(&listed), &signer.jwks(), expected()).unwrap();
    assert!(found.email_is_verified());
    assert_eq!(found.methods(), ["pwd", "mfa", "gold"]);
}

#[test]
fn what_is_signed_by_nobody_by_others_or_in_another_way_is_refused() {
    let (signer, other) = (Signer::new("k1"), Signer::new("k1"));
    let refused = |token: &str| verify(token, &signer.jwks(), expected()).unwrap_err();
    assert_eq!(refused(&other.token(&claims())), Refused::Signature);
    let body = text(claims().to_string());
    for none in ["none", "None", "NONE", ""] {
        let header = text(json!({ "alg": none }).to_string());
        assert_eq!(refused(&format!("{header}.{body}.")), Refused::Algorithm);
    }
    // The public key used as if it were a shared secret.
    let header = text(json!({ "alg": "HS256", "kid": "k1" }).to_string());
    let signed = format!("{header}.{body}");
    let secret = hmac::Key::new(hmac::HMAC_SHA256, signer.pair.public_key().as_ref());
    let tag = text(hmac::sign(&secret, signed.as_bytes()));
    assert_eq!(refused(&format!("{signed}.{tag}")), Refused::Algorithm);
    // An algorithm that is not the key's, a key that is not the provider's, one that the token brings along.
    let header = json!({ "alg": "RS256", "kid": "k1" });
    assert_eq!(
        refused(&signer.sign(&header, &claims())),
        Refused::UnknownKey
    );
    let header = json!({ "alg": "ES256", "kid": "k2" });
    assert_eq!(
        refused(&signer.sign(&header, &claims())),
        Refused::UnknownKey
    );
    let (x, y) = other.pair.public_key().as_ref()[1..].split_at(32);
    let jwk = json!({ "kty": "EC", "crv": "P-256", "x": text(x), "y": text(y) });
    let header = json!({ "alg": "ES256", "jwk": jwk });
    assert_eq!(refused(&other.sign(&header, &claims())), Refused::Signature);
    let header = json!({ "alg": "ES256", "kid": "k1", "crit": ["b64"], "b64": false });
    assert_eq!(
        refused(&signer.sign(&header, &claims())),
        Refused::Algorithm
    );
    // Altered after it was signed.
    let token = signer.token(&claims());
    let mut forged = claims();
    forged["sub"] = json!("somebody else");
    let parts: Vec<&str> = token.split('.').collect();
    let altered = format!("{}.{}.{}", parts[0], text(forged.to_string()), parts[2]);
    assert_eq!(refused(&altered), Refused::Signature);
}

#[test]
fn a_token_of_another_issuer_audience_sign_in_or_time_is_refused() {
    let signer = Signer::new("k1");
    let refused = |name: &str, value: Value| {
        let mut changed = claims();
        changed[name] = value;
        verify(&signer.token(&changed), &signer.jwks(), expected()).err()
    };
    let at = |seconds: i64| json!(now().timestamp() + seconds);
    let cases = [
        ("iss", json!("https://login.example.org/"), Refused::Issuer),
        ("iss", Value::Null, Refused::Issuer),
        ("aud", json!("another"), Refused::Audience),
        ("aud", json!([CLIENT, "another"]), Refused::Audience),
        ("aud", json!([]), Refused::Audience),
        ("azp", json!("another"), Refused::Audience),
        ("azp", json!(7), Refused::Audience),
        ("nonce", json!("another"), Refused::Nonce),
        ("nonce", Value::Null, Refused::Nonce),
        ("exp", at(-61), Refused::Time),
        ("exp", Value::Null, Refused::Time),
        ("exp", json!("tomorrow"), Refused::Time),
        ("exp", json!(1e300), Refused::Time),
        ("iat", at(61), Refused::Time),
        ("iat", at(-601), Refused::Time),
        ("iat", Value::Null, Refused::Time),
        ("nbf", at(61), Refused::Time),
        ("nbf", json!("soon"), Refused::Time),
        ("sub", json!(""), Refused::Malformed),
        ("sub", json!(7), Refused::Malformed),
    ];
    for (name, value, why) in cases {
        assert_eq!(refused(name, value.clone()), Some(why), "{name}: {value}");
    }
    // Clocks may be off by a minute.
    assert_eq!(refused("exp", at(-59)), None);
    assert_eq!(refused("iat", at(59)), None);
    assert_eq!(refused("nbf", at(59)), None);
}

#[test]
fn what_is_no_token_is_refused() {
    let signer = Signer::new("k1");
    let token = signer.token(&claims());
    for broken in [
        "",
        ".",
        "..",
        "a.b",
        "a.b.c.d",
        &token[1..],
        &format!("{token}."),
    ] {
        let refused = verify(broken, &signer.jwks(), expected());
        assert!(refused.is_err(), "{broken}");
    }
    for length in 0..token.len() {
        assert!(verify(&token[..length], &signer.jwks(), expected()).is_err());
    }
}

#[test]
fn keys_on_curve25519_are_taken() {
    let made = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    let pair = Ed25519KeyPair::from_pkcs8(made.as_ref()).unwrap();
    let keys =
        json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "x": text(pair.public_key()) }] });
    let keys = Jwks::parse(keys.to_string().as_bytes()).unwrap();
    let signed = format!(
        "{}.{}",
        text(json!({ "alg": "EdDSA" }).to_string()),
        text(claims().to_string())
    );
    let token = format!("{signed}.{}", text(pair.sign(signed.as_bytes())));
    assert!(verify(&token, &keys, expected()).is_ok());
}
