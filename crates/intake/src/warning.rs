//! What the sender should know of a film that was taken.

use serde::Serialize;
use utoipa::ToSchema;

/// What a warning is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WarningCode {
    /// Bytes follow the end of the image.
    TrailingBytes,
    /// The file ends before its header says that it should.
    EndsEarly,
    /// Its compression cannot be decoded here.
    NotDecodable,
    /// It names no study.
    NoStudy,
    /// Its header is damaged.
    DamagedHeader,
    /// Film and record disagree on whose film it is.
    IdentityDisagreement,
}

/// What the sender should know of a film that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct UploadWarning {
    /// A stable word.
    pub code: WarningCode,
    /// The same in words.
    pub detail: String,
    /// How many bytes it is about (`trailing_bytes` only).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// On what film and record disagree (`identity_disagreement` only): `name`, `birth_date`, `gender`,
    /// `identifier`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub disagreement: Vec<String>,
}

impl UploadWarning {
    pub(crate) fn new(code: WarningCode, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            bytes: None,
            disagreement: Vec::new(),
        }
    }
}
