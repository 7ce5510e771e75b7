//! What a program's token opens, beside what the role of its account may do.

use crate::access::Permission;

crate::text_enum! {
    /// A part of the portal that a program's token opens.
    Scope("scope") {
        /// Search and fetch studies over DICOMweb.
        DicomwebRead = "dicomweb.read",
        /// Store studies over DICOMweb.
        DicomwebWrite = "dicomweb.write",
    }
}

impl Scope {
    /// What the account's role must hold for it.
    #[must_use]
    pub const fn permission(self) -> Permission {
        match self {
            Self::DicomwebRead => Permission::ReadReports,
            Self::DicomwebWrite => Permission::UploadReports,
        }
    }
}

/// How the tokens of programs begin, so that they are told from people's and found where they should not be.
pub const TOKEN_PREFIX: &str = "mpt_";

/// The ending of service accounts' addresses. Nothing is ever delivered there (RFC 2606).
pub const SERVICE_DOMAIN: &str = "@services.invalid";
