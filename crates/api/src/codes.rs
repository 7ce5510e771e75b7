//! Every stable word by which a refusal can be told: those of fields as a type, those of whole requests
//! and of files as lists, so that the OpenAPI document names them and a client can translate them all.

use serde::Serialize;
use utoipa::{
    ToSchema,
    openapi::{
        RefOr, Schema,
        schema::{ObjectBuilder, Type},
    },
};

/// What is wrong with a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FieldCode {
    /// It is missing or empty.
    Required,
    /// It is longer than it may be.
    TooLong,
    /// A number or day outside of what is allowed.
    OutOfRange,
    /// Not of the kind that is wanted.
    WrongType,
    /// None of the words that are allowed.
    UnknownWord,
    /// Not an e-mail address.
    InvalidEmail,
    /// Not an identifier.
    InvalidId,
    /// Not a place in a list.
    InvalidCursor,
    /// Not a value of this setting.
    InvalidValue,
    /// A password that is too easy to guess.
    WeakPassword,
    /// Not the present password.
    WrongPassword,
    /// It goes together with another field.
    Incomplete,
    /// It holds the character NUL.
    Nul,
    /// There is no such field.
    UnknownField,
    /// There is no such parameter.
    UnknownParameter,
    /// It was given more than once.
    Repeated,
}

/// The `code` of a problem: what is wrong with a request as a whole.
pub(crate) const PROBLEMS: &[&str] = &[
    "account_inactive",
    "address_is_the_patients",
    "address_missing",
    "already_queued",
    "already_reviewed",
    "claimed_by_other",
    "consent_text_changed",
    "correction_closed",
    "email_taken",
    "erasure_closed",
    "erasure_open",
    "first_impression_required",
    "forbidden",
    "has_password",
    "hold_lifted",
    "identifier_taken",
    "identity_agrees",
    "identity_unconfirmed",
    "impression_recorded",
    "internal",
    "invalid",
    "last_tech",
    "legal_hold",
    "mail_not_set_up",
    "malformed",
    "method_not_allowed",
    "name_is_the_records",
    "not_found",
    "not_recalibrable",
    "not_refused",
    "not_signed",
    "nothing_taken",
    "nothing_to_export",
    "nothing_to_go_back_to",
    "own_account",
    "passkey_taken",
    "passkeys_not_set_up",
    "patient_or_staff",
    "promotion_decided",
    "promotion_open",
    "promotion_stale",
    "proposal_closed",
    "result_unwritable",
    "retention_not_over",
    "second_factor_missing",
    "second_factor_present",
    "second_factor_required",
    "second_person",
    "sign_in_over",
    "still_running",
    "single_sign_on_account_exists",
    "single_sign_on_away",
    "single_sign_on_inactive",
    "single_sign_on_no_address",
    "single_sign_on_no_role",
    "single_sign_on_not_set_up",
    "single_sign_on_over",
    "single_sign_on_refused",
    "step_up_required",
    "too_few_cases",
    "too_large",
    "too_many_attempts",
    "too_many_open",
    "too_many_passkeys",
    "too_many_requests",
    "too_many_uploads",
    "unauthenticated",
    "unavailable",
    "unsupported_media_type",
    "unsupported_version",
    "upload_busy",
    "upload_incomplete",
    "wrong_code",
    "wrong_credentials",
    "wrong_offset",
    "wrong_passkey",
    "wrong_stage",
    // A picture that cannot be made into what was asked for.
    "busy",
    "corrupt",
    "decoder_failed",
    "encode_failed",
    "frame_out_of_range",
    "missing_attribute",
    "no_pixel_data",
    "not_an_image",
    "timed_out",
    "too_many_pixels",
    "truncated",
    "unsupported_pixels",
    "unsupported_transfer_syntax",
];

/// The schema of a problem's `code`.
pub(crate) fn problem_code() -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(PROBLEMS.iter().copied()))
        .description(Some("A stable word for programs."))
        .into()
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use super::*;

    /// Every Rust source below a folder of this workspace, without its tests.
    fn sources(folder: &Path, texts: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, texts);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let end = text.find("#[cfg(test)]").unwrap_or(text.len());
                texts.push(text[..end].to_owned());
            }
        }
    }

    /// The words that follow `before` in quotes.
    fn words<'a>(texts: &'a [String], before: &str) -> BTreeSet<&'a str> {
        texts
            .iter()
            .flat_map(|text| text.split(before).skip(1))
            .filter_map(|rest| rest.split('"').next())
            .filter(|word| {
                word.chars()
                    .all(|letter| letter.is_ascii_lowercase() || letter == '_')
            })
            .collect()
    }

    #[test]
    fn every_code_in_the_sources_is_listed() {
        let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let mut api = Vec::new();
        sources(&crates.join("api/src"), &mut api);
        let mut intake = Vec::new();
        sources(&crates.join("intake/src"), &mut intake);
        let listed: BTreeSet<&str> = PROBLEMS.iter().copied().collect();
        let used = words(&api, "code: \"");
        assert!(
            used.len() > 20,
            "the codes are written otherwise now: {used:?}"
        );
        assert_eq!(used.difference(&listed).collect::<Vec<_>>(), [&""; 0]);
        let files: BTreeSet<&str> = intake::FILE_CODES.iter().copied().collect();
        let mut used = words(&intake, "code: \"");
        for before in ["refuse(\"", "reject(receipt, \""] {
            let more = words(&intake, before);
            assert!(
                !more.is_empty(),
                "no file is refused with {before} any more"
            );
            used.extend(more);
        }
        assert_eq!(used.difference(&files).collect::<Vec<_>>(), [&""; 0]);
        let imaging = fs::read_to_string(crates.join("imaging/src/error.rs")).unwrap();
        let pictures = words(&[imaging], "} => \"")
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>();
        assert!(pictures.len() > 10, "{pictures:?}");
        for word in &pictures {
            assert!(
                listed.contains(word.as_str()),
                "{word} is not among PROBLEMS"
            );
            assert!(
                files.contains(word.as_str()),
                "{word} is not among FILE_CODES"
            );
        }
    }
}
