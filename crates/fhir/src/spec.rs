//! What can be asked of each kind of resource: the tables that searches, the CapabilityStatement and `docs/FHIR.md`
//! are held to.

use domain::scope::FhirKind;

use crate::{
    audit_event, device, diagnostic_report, document_reference, imaging_study, observation,
    patient, practitioner, provenance, service_request,
};

/// How a parameter's values are read (hl7.org/fhir/R4/search.html).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParamType {
    /// A code or identifier, with its system or without.
    Token,
    /// A day or moment, with a prefix or without.
    Date,
    /// The beginning of a word, whatever its capitals.
    Text,
    /// Another resource of one of these kinds.
    Reference(&'static [FhirKind]),
    /// A number of the patient it is about (chained).
    PatientNumber,
}

/// A parameter.
#[derive(Debug, Clone, Copy)]
pub struct Param {
    /// Its name.
    pub name: &'static str,
    /// How its values are read.
    pub kind: ParamType,
}

/// A reference that `_include` follows.
#[derive(Debug, Clone, Copy)]
pub struct Link {
    /// The name of the parameter.
    pub param: &'static str,
    /// Where the reference stands.
    pub element: &'static str,
    /// To what.
    pub target: FhirKind,
}

/// What can be asked of a kind of resource.
#[derive(Debug)]
pub struct Spec {
    /// The kind.
    pub kind: FhirKind,
    /// Parameters of a search.
    pub params: &'static [Param],
    /// What `_include` follows.
    pub includes: &'static [Link],
}

/// Every kind, in the order of the document.
pub const SPECS: [&Spec; 10] = [
    &patient::SPEC,
    &practitioner::SPEC,
    &imaging_study::SPEC,
    &diagnostic_report::SPEC,
    &observation::SPEC,
    &device::SPEC,
    &document_reference::SPEC,
    &service_request::SPEC,
    &provenance::SPEC,
    &audit_event::SPEC,
];

/// What can be asked of a kind.
pub(crate) fn spec_of(kind: FhirKind) -> &'static Spec {
    match kind {
        FhirKind::Patient => &patient::SPEC,
        FhirKind::Practitioner => &practitioner::SPEC,
        FhirKind::ImagingStudy => &imaging_study::SPEC,
        FhirKind::DiagnosticReport => &diagnostic_report::SPEC,
        FhirKind::Observation => &observation::SPEC,
        FhirKind::Device => &device::SPEC,
        FhirKind::DocumentReference => &document_reference::SPEC,
        FhirKind::ServiceRequest => &service_request::SPEC,
        FhirKind::Provenance => &provenance::SPEC,
        FhirKind::AuditEvent => &audit_event::SPEC,
    }
}

impl Spec {
    /// The kinds and parameters by which `_revinclude` finds what refers to this kind.
    pub fn revincludes(&self) -> impl Iterator<Item = (FhirKind, &'static str)> {
        let kind = self.kind;
        SPECS.iter().flat_map(move |other| {
            other
                .params
                .iter()
                .filter(move |param| matches!(param.kind, ParamType::Reference(targets) if targets.contains(&kind)))
                .map(move |param| (other.kind, param.name))
        })
    }
}

pub(crate) const fn token(name: &'static str) -> Param {
    Param {
        name,
        kind: ParamType::Token,
    }
}

pub(crate) const fn date(name: &'static str) -> Param {
    Param {
        name,
        kind: ParamType::Date,
    }
}

pub(crate) const fn text(name: &'static str) -> Param {
    Param {
        name,
        kind: ParamType::Text,
    }
}

pub(crate) const fn reference(name: &'static str, targets: &'static [FhirKind]) -> Param {
    Param {
        name,
        kind: ParamType::Reference(targets),
    }
}

pub(crate) const fn patient_number(name: &'static str) -> Param {
    Param {
        name,
        kind: ParamType::PatientNumber,
    }
}

pub(crate) const fn link(param: &'static str, element: &'static str, target: FhirKind) -> Link {
    Link {
        param,
        element,
        target,
    }
}
