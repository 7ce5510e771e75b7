//! Ceremonies with the authenticator in software, each part of them damaged in turn.

use super::*;
use crate::authenticator::Authenticator;

const CHALLENGE: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

fn site() -> RelyingParty {
    RelyingParty::at(&"https://portal.example.org".parse().unwrap()).unwrap()
}

fn authenticator() -> Authenticator {
    Authenticator::new("https://portal.example.org", "portal.example.org")
}

fn register(authenticator: &Authenticator) -> Result<NewPasskey, Refused> {
    let client = authenticator.client_data("webauthn.create", CHALLENGE);
    let registration = Registration::parse(&client, &authenticator.attestation())?;
    assert_eq!(registration.challenge(), CHALLENGE);
    registration.verify(&site())
}

fn prove(authenticator: &Authenticator, passkey: &NewPasskey) -> Result<Proved, Refused> {
    let client = authenticator.client_data("webauthn.get", CHALLENGE);
    let (data, signature) = authenticator.sign(&client);
    let assertion = Assertion::parse(&client, &data, &signature)?;
    assert_eq!(assertion.challenge(), CHALLENGE);
    let known = Known {
        public_key: &passkey.public_key,
        sign_count: passkey.sign_count,
    };
    assertion.verify(&site(), known)
}

#[test]
fn a_passkey_is_registered_and_proves_who_has_it() {
    for mut made in [
        authenticator(),
        Authenticator::with_ed25519("https://portal.example.org", "portal.example.org"),
    ] {
        made.is_backed_up = true;
        let passkey = register(&made).unwrap();
        assert_eq!(passkey.credential_id, made.credential_id);
        assert!(passkey.is_backed_up && passkey.sign_count == 0);
        // One that does not count, and one that does.
        prove(&made, &passkey).unwrap();
        made.sign_count = 7;
        assert_eq!(prove(&made, &passkey).unwrap().sign_count, 7);
    }
}

#[test]
fn what_was_given_to_another_site_or_unverified_is_no_proof() {
    let passkey = register(&authenticator()).unwrap();
    let refused = |change: fn(&mut Authenticator)| {
        let mut made = authenticator();
        change(&mut made);
        (
            register(&made).unwrap_err(),
            prove(&made, &passkey).unwrap_err(),
        )
    };
    let elsewhere = |made: &mut Authenticator| made.origin = "https://evil.example".to_owned();
    assert_eq!(refused(elsewhere), (Refused::Site, Refused::Site));
    let plain = |made: &mut Authenticator| made.origin = "http://portal.example.org".to_owned();
    assert_eq!(refused(plain), (Refused::Site, Refused::Site));
    let other = |made: &mut Authenticator| made.site = "example.org".to_owned();
    assert_eq!(refused(other), (Refused::Site, Refused::Site));
    let untouched = |made: &mut Authenticator| made.verifies = false;
    assert_eq!(
        refused(untouched),
        (Refused::NotVerified, Refused::NotVerified)
    );
}

#[test]
fn an_answer_to_another_question_or_from_a_frame_is_none() {
    let made = authenticator();
    let passkey = register(&made).unwrap();
    let known = Known {
        public_key: &passkey.public_key,
        sign_count: 0,
    };
    let client = made.client_data("webauthn.create", CHALLENGE);
    let (data, signature) = made.sign(&client);
    let assertion = Assertion::parse(&client, &data, &signature).unwrap();
    assert_eq!(assertion.verify(&site(), known), Err(Refused::Ceremony));
    let client = made.client_data("webauthn.get", CHALLENGE);
    let registration = Registration::parse(&client, &made.attestation()).unwrap();
    assert_eq!(registration.verify(&site()), Err(Refused::Ceremony));
    let framed = String::from_utf8(client)
        .unwrap()
        .replace("\"crossOrigin\":false", "\"crossOrigin\":true");
    let (data, signature) = made.sign(framed.as_bytes());
    let assertion = Assertion::parse(framed.as_bytes(), &data, &signature).unwrap();
    assert_eq!(assertion.verify(&site(), known), Err(Refused::Site));
}

#[test]
fn another_key_or_an_altered_answer_has_the_wrong_signature() {
    let made = authenticator();
    let passkey = register(&made).unwrap();
    assert_eq!(
        prove(&authenticator(), &passkey),
        Err(Refused::Signature),
        "another authenticator's key"
    );
    let known = Known {
        public_key: &passkey.public_key,
        sign_count: 0,
    };
    let client = made.client_data("webauthn.get", CHALLENGE);
    let (mut data, signature) = made.sign(&client);
    data[36] ^= 1;
    let assertion = Assertion::parse(&client, &data, &signature).unwrap();
    assert_eq!(assertion.verify(&site(), known), Err(Refused::Signature));
}

#[test]
fn a_counter_that_does_not_rise_is_refused() {
    let mut made = authenticator();
    let mut passkey = register(&made).unwrap();
    passkey.sign_count = 5;
    for (given, fine) in [(0, false), (4, false), (5, false), (6, true)] {
        made.sign_count = given;
        let expected = if fine {
            Ok(Proved {
                sign_count: given,
                is_backed_up: false,
            })
        } else {
            Err(Refused::CounterWentBack { known: 5, given })
        };
        assert_eq!(prove(&made, &passkey), expected);
    }
}

#[test]
fn keys_of_other_kinds_are_refused() {
    use ciborium::{Value, cbor};
    let bytes = |length| Value::Bytes(vec![1; length]);
    let refusal = |key: Result<Value, _>| {
        let mut cose = Vec::new();
        ciborium::into_writer(&key.unwrap(), &mut cose).unwrap();
        public_key::parse(&cose).unwrap_err()
    };
    // P-384, a curve that belongs to another algorithm, and HMAC.
    for key in [
        cbor!({ 1 => 2, 3 => -35, -1 => 2, -2 => bytes(48), -3 => bytes(48) }),
        cbor!({ 1 => 2, 3 => -7, -1 => 2, -2 => bytes(32), -3 => bytes(32) }),
        cbor!({ 1 => 4, 3 => 5, -1 => bytes(32) }),
    ] {
        assert_eq!(refusal(key), Refused::Algorithm);
    }
    let short = cbor!({ 1 => 2, 3 => -7, -1 => 1, -2 => bytes(31), -3 => bytes(32) });
    assert!(matches!(refusal(short), Refused::Malformed(_)));
    let missing = cbor!({ 1 => 3, 3 => -257, -1 => bytes(256) });
    assert!(matches!(refusal(missing), Refused::Malformed(_)));
}

/// Every answer that is cut off, and every one with a bit turned, ends in an error or in a passkey, never in a panic;
/// and no damaged proof counts.
#[test]
fn damaged_answers_are_refused() {
    let made = authenticator();
    let passkey = register(&made).unwrap();
    let client = made.client_data("webauthn.create", CHALLENGE);
    let object = made.attestation();
    for length in 0..object.len() {
        let cut = Registration::parse(&client, &object[..length]);
        assert!(cut.is_err(), "{length} of {}", object.len());
    }
    for at in 0..object.len() * 8 {
        let mut damaged = object.clone();
        damaged[at / 8] ^= 1 << (at % 8);
        let _ = Registration::parse(&client, &damaged).map(|parsed| parsed.verify(&site()));
    }
    let known = Known {
        public_key: &passkey.public_key,
        sign_count: 0,
    };
    let client = made.client_data("webauthn.get", CHALLENGE);
    let (data, signature) = made.sign(&client);
    for at in 0..data.len() * 8 {
        let mut damaged = data.clone();
        damaged[at / 8] ^= 1 << (at % 8);
        let proved = Assertion::parse(&client, &damaged, &signature)
            .and_then(|parsed| parsed.verify(&site(), known));
        assert!(proved.is_err(), "bit {at}");
    }
}

#[test]
fn extensions_are_passed_over_and_nothing_may_follow() {
    let made = authenticator();
    let mut data = made.sign(b"").0;
    data[32] |= 0x80;
    data.extend([0xa1, 0x61, b'x', 0xf5]);
    assert!(AuthenticatorData::parse(&data).is_ok());
    data.push(0);
    assert!(AuthenticatorData::parse(&data).is_err());
}
