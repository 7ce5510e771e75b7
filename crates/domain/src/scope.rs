//! What a program's token opens, beside what the role of its account may do. Words for DICOMweb, and for FHIR those of
//! SMART on FHIR (hl7.org/fhir/smart-app-launch, scopes of version 2; those of version 1 are read as well).

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{Role, access::Permission, text_enum::UnknownWord};

crate::text_enum! {
    /// A kind of resource that is there over FHIR.
    FhirKind("kind of FHIR resource") {
        /// A patient.
        Patient = "Patient",
        /// A radiologist or doctor.
        Practitioner = "Practitioner",
        /// A DICOM study.
        ImagingStudy = "ImagingStudy",
        /// What the AI said of a case.
        Observation = "Observation",
        /// A model.
        Device = "Device",
        /// A case and its signed result.
        DiagnosticReport = "DiagnosticReport",
        /// A signed review, as a document.
        DocumentReference = "DocumentReference",
        /// An examination that was ordered.
        ServiceRequest = "ServiceRequest",
        /// Who signed what.
        Provenance = "Provenance",
        /// A row of the audit trail.
        AuditEvent = "AuditEvent",
    }
}

crate::text_enum! {
    /// What is done with a resource, by the letters of SMART.
    Interaction("interaction") {
        /// A new one is made.
        Create = "c",
        /// One is read by its identifier.
        Read = "r",
        /// One is changed.
        Update = "u",
        /// One is deleted.
        Delete = "d",
        /// They are searched.
        Search = "s",
    }
}

impl Interaction {
    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl FhirKind {
    /// What the account's role must hold for an interaction.
    #[must_use]
    pub const fn permission(self, interaction: Interaction) -> Permission {
        match (self, interaction) {
            (Self::Device, _) => Permission::ReadModels,
            (Self::AuditEvent, _) => Permission::ReadAudit,
            (_, Interaction::Read | Interaction::Search) => Permission::ReadReports,
            _ => Permission::ManagePatients,
        }
    }
}

/// A scope of SMART for programs: `system/Patient.rs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FhirScope {
    /// Of this kind; none: of every kind.
    pub kind: Option<FhirKind>,
    interactions: u8,
}

impl FhirScope {
    /// One kind and one interaction, as a request needs it.
    #[must_use]
    pub const fn of(kind: FhirKind, interaction: Interaction) -> Self {
        Self {
            kind: Some(kind),
            interactions: interaction.bit(),
        }
    }

    const fn covers(self, needed: Self) -> bool {
        let kind = match (self.kind, needed.kind) {
            (None, _) => true,
            (Some(held), Some(needed)) => held as u8 == needed as u8,
            (Some(_), None) => false,
        };
        kind && self.interactions & needed.interactions == needed.interactions
    }

    fn interactions(self) -> impl Iterator<Item = Interaction> {
        Interaction::ALL
            .iter()
            .copied()
            .filter(move |interaction| self.interactions & interaction.bit() != 0)
    }

    /// Whether a role may do something of it.
    fn is_of_use_to(self, role: Role) -> bool {
        let of = |kind: FhirKind| {
            self.interactions()
                .any(|interaction| kind.permission(interaction).allows(role))
        };
        self.kind
            .map_or_else(|| FhirKind::ALL.iter().copied().any(of), of)
    }
}

impl fmt::Display for FhirScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.kind.map_or("*", FhirKind::as_str);
        write!(f, "system/{kind}.")?;
        self.interactions()
            .try_for_each(|interaction| f.write_str(interaction.as_str()))
    }
}

impl FromStr for FhirScope {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        let unknown = || UnknownWord {
            what: "scope",
            found: word.to_owned(),
            expected: EXPECTED.to_owned(),
        };
        let rest = word.strip_prefix("system/").ok_or_else(unknown)?;
        let (kind, letters) = rest.split_once('.').ok_or_else(unknown)?;
        let kind = match kind {
            "*" => None,
            kind => Some(kind.parse().map_err(|_| unknown())?),
        };
        let letters = match letters {
            "read" => "rs",
            "write" => "cud",
            "*" => "cruds",
            letters => letters,
        };
        let mut interactions = 0;
        let mut rest = letters;
        for interaction in Interaction::ALL {
            if let Some(after) = rest.strip_prefix(interaction.as_str()) {
                interactions |= interaction.bit();
                rest = after;
            }
        }
        // The letters come in this order, once each: SMART has no other spelling.
        if interactions == 0 || !rest.is_empty() {
            return Err(unknown());
        }
        Ok(Self { kind, interactions })
    }
}

/// A part of the portal that a program's token opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Scope {
    /// Search and fetch studies over DICOMweb.
    DicomwebRead,
    /// Store studies over DICOMweb.
    DicomwebWrite,
    /// Resources over FHIR.
    Fhir(FhirScope),
}

const EXPECTED: &str = "dicomweb.read, dicomweb.write, system/Patient.rs and the like (system/, a kind of resource or *, and of the letters cruds)";

impl Scope {
    /// What one request over FHIR needs.
    #[must_use]
    pub const fn fhir(kind: FhirKind, interaction: Interaction) -> Self {
        Self::Fhir(FhirScope::of(kind, interaction))
    }

    /// Whether whoever holds this may do what needs the other.
    #[must_use]
    pub fn covers(self, needed: Self) -> bool {
        match (self, needed) {
            (Self::Fhir(held), Self::Fhir(needed)) => held.covers(needed),
            (held, needed) => held == needed,
        }
    }

    /// Whether an account of this role may do something of what it opens.
    #[must_use]
    pub fn is_of_use_to(self, role: Role) -> bool {
        match self {
            Self::DicomwebRead => Permission::ReadReports.allows(role),
            Self::DicomwebWrite => Permission::UploadReports.allows(role),
            Self::Fhir(scope) => scope.is_of_use_to(role),
        }
    }

    /// The roles to which it is of use.
    #[must_use]
    pub fn roles(self) -> Vec<Role> {
        Role::ALL
            .iter()
            .copied()
            .filter(|role| self.is_of_use_to(*role))
            .collect()
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DicomwebRead => f.write_str("dicomweb.read"),
            Self::DicomwebWrite => f.write_str("dicomweb.write"),
            Self::Fhir(scope) => scope.fmt(f),
        }
    }
}

impl FromStr for Scope {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        match word {
            "dicomweb.read" => Ok(Self::DicomwebRead),
            "dicomweb.write" => Ok(Self::DicomwebWrite),
            word => word.parse().map(Self::Fhir),
        }
    }
}

impl TryFrom<String> for Scope {
    type Error = UnknownWord;

    fn try_from(word: String) -> Result<Self, UnknownWord> {
        word.parse()
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.to_string()
    }
}

/// How the tokens of programs begin, so that they are told from people's and found where they should not be.
pub const TOKEN_PREFIX: &str = "mpt_";

/// The ending of service accounts' addresses. Nothing is ever delivered there (RFC 2606).
pub const SERVICE_DOMAIN: &str = "@services.invalid";

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(word: &str) -> Scope {
        word.parse().unwrap()
    }

    #[test]
    fn scopes_of_smart_are_read_in_both_versions_and_written_in_the_second() {
        for (given, written) in [
            ("dicomweb.read", "dicomweb.read"),
            ("system/Patient.rs", "system/Patient.rs"),
            ("system/Patient.read", "system/Patient.rs"),
            ("system/*.*", "system/*.cruds"),
            ("system/*.write", "system/*.cud"),
        ] {
            assert_eq!(scope(given).to_string(), written);
        }
        for bad in [
            "",
            "system/Patient",
            "system/Patient.",
            "system/Patient.sr",
            "system/Patient.rr",
            "system/Nonsense.r",
            "user/Patient.r",
            "patient/Patient.r",
            "system/Patient.rs?name=x",
        ] {
            assert!(bad.parse::<Scope>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_scope_covers_its_kind_and_letters_only() {
        let needed = Scope::fhir(FhirKind::Patient, Interaction::Search);
        assert!(scope("system/Patient.rs").covers(needed));
        assert!(scope("system/*.s").covers(needed));
        assert!(!scope("system/Patient.r").covers(needed));
        assert!(!scope("system/Observation.rs").covers(needed));
        assert!(!scope("dicomweb.read").covers(needed));
        assert!(!scope("system/*.cruds").covers(Scope::DicomwebRead));
    }

    #[test]
    fn a_scope_is_of_use_to_roles_that_may_do_something_of_it() {
        assert!(!scope("system/Patient.rs").is_of_use_to(Role::Tech));
        assert!(scope("system/Device.rs").is_of_use_to(Role::Tech));
        assert!(scope("system/*.rs").is_of_use_to(Role::Doctor));
        assert_eq!(scope("dicomweb.write").roles(), [Role::Radiologist]);
    }
}
