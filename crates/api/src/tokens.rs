//! Bearer tokens: 256 random bits, of which only the SHA-256 is stored. The cookie carries the same.

use axum::http::{HeaderMap, HeaderValue, header};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use rand::{TryRng, rngs::SysRng};
use sha2::{Digest, Sha256};

use crate::problem::Problem;

/// A new token.
pub(crate) fn new_token() -> Result<String, Problem> {
    let mut bytes = [0u8; 32];
    SysRng
        .try_fill_bytes(&mut bytes)
        .map_err(|error| Problem::Internal(format!("no randomness: {error}")))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// What of a token is stored.
pub(crate) fn digest(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}

/// The letters and digits of a code that people type: Crockford's base 32, without I, L, O and U.
const CODE_LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A new code that people can read out and type: 80 random bits as four groups of four.
pub(crate) fn new_code() -> Result<String, Problem> {
    let mut bytes = [0u8; 16];
    SysRng
        .try_fill_bytes(&mut bytes)
        .map_err(|error| Problem::Internal(format!("no randomness: {error}")))?;
    let letters: Vec<char> = bytes
        .iter()
        .map(|byte| char::from(CODE_LETTERS[usize::from(byte % 32)]))
        .collect();
    let groups: Vec<String> = letters
        .chunks(4)
        .map(|group| group.iter().collect())
        .collect();
    Ok(groups.join("-"))
}

/// What of a code is stored, however it was typed: case, spaces and hyphens do not matter, and letters
/// that look like a digit count as it.
pub(crate) fn code_digest(typed: &str) -> String {
    let plain: String = typed
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        })
        .collect();
    digest(&plain)
}

/// The cookie's name; with TLS its prefix makes browsers refuse one set by another host or path
/// (RFC 6265bis section 4.1.3.2).
const fn cookie_name(secure: bool) -> &'static str {
    if secure {
        "__Host-portal_session"
    } else {
        "portal_session"
    }
}

/// Sets the session cookie for `seconds`, or clears it with an empty token and 0.
pub(crate) fn set_cookie(token: &str, seconds: i64, secure: bool) -> HeaderValue {
    let secure_word = if secure { "; Secure" } else { "" };
    let cookie = format!(
        "{}={token}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure_word}",
        cookie_name(secure)
    );
    HeaderValue::try_from(cookie).expect("a token is base64url, which a header may hold")
}

/// Where the token of a request came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Presented {
    /// `Authorization: Bearer`.
    Bearer(String),
    /// The session cookie, which browsers send by themselves.
    Cookie(String),
}

impl Presented {
    /// The token, wherever it came from.
    pub(crate) fn token(&self) -> &str {
        match self {
            Self::Bearer(token) | Self::Cookie(token) => token,
        }
    }
}

/// The token of a request.
pub(crate) fn presented(headers: &HeaderMap, secure: bool) -> Option<Presented> {
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
        return scheme
            .eq_ignore_ascii_case("bearer")
            .then(|| Presented::Bearer(token.trim().to_owned()));
    }
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .find(|(name, _)| *name == cookie_name(secure))
        .map(|(_, token)| Presented::Cookie(token.to_owned()))
}

/// Whether these headers show a token that may change something, for those who try it with damaged ones.
#[must_use]
pub fn readable_session(headers: &HeaderMap) -> bool {
    [true, false].into_iter().any(|secure| {
        presented(headers, secure).is_some_and(|presented| {
            matches!(presented, Presented::Bearer(_)) || same_origin(headers)
        })
    })
}

/// Whether a request that changes something comes from a page of this very origin. Browsers say so
/// in `Sec-Fetch-Site`, older ones in `Origin`; one that says neither is not believed.
pub(crate) fn same_origin(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return site == "same-origin";
    }
    match (text("origin"), text("host")) {
        (Some(origin), Some(host)) => origin
            .split_once("://")
            .is_some_and(|(_, origin)| origin.eq_ignore_ascii_case(host)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn codes_are_the_same_however_they_are_typed() {
        let code = new_code().unwrap();
        assert_eq!(code.len(), 19, "{code}");
        assert_eq!(
            code_digest(&code),
            code_digest(&code.to_lowercase().replace('-', " "))
        );
        assert_eq!(code_digest("O0IL-x"), code_digest("0011X"));
        assert_ne!(code_digest(&code), code_digest(&new_code().unwrap()));
    }

    #[test]
    fn tokens_are_found_where_they_may_be() {
        let bearer = headers(&[("authorization", "bearer abc")]);
        assert_eq!(
            presented(&bearer, false),
            Some(Presented::Bearer("abc".to_owned()))
        );
        let cookie = headers(&[("cookie", "a=b; portal_session=xyz")]);
        assert_eq!(
            presented(&cookie, false),
            Some(Presented::Cookie("xyz".to_owned()))
        );
        assert_eq!(
            presented(&cookie, true),
            None,
            "with TLS only the protected cookie counts"
        );
        assert_eq!(
            presented(&headers(&[("authorization", "Basic abc")]), false),
            None
        );
    }

    #[test]
    fn only_this_origin_may_change_things_with_a_cookie() {
        assert!(same_origin(&headers(&[("sec-fetch-site", "same-origin")])));
        assert!(!same_origin(&headers(&[
            ("sec-fetch-site", "same-site"),
            ("origin", "http://h"),
            ("host", "h")
        ])));
        assert!(same_origin(&headers(&[
            ("origin", "https://h:1"),
            ("host", "h:1")
        ])));
        assert!(!same_origin(&headers(&[
            ("origin", "https://evil"),
            ("host", "h")
        ])));
        assert!(!same_origin(&headers(&[("host", "h")])));
    }

    #[test]
    fn the_cookie_is_kept_from_scripts_and_other_sites() {
        let cookie = set_cookie("t", 60, true);
        for part in [
            "__Host-portal_session=t",
            "Path=/",
            "HttpOnly",
            "SameSite=Strict",
            "Secure",
        ] {
            assert!(cookie.to_str().unwrap().contains(part), "{part}");
        }
    }
}
