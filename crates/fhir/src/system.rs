//! Names of code systems and of who issues numbers.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

pub(crate) const DICOM: &str = "http://dicom.nema.org/resources/ontology/DCM";
pub(crate) const LOINC: &str = "http://loinc.org";
pub(crate) const URI: &str = "urn:ietf:rfc:3986";
pub(crate) const DICOM_UID: &str = "urn:dicom:uid";
pub(crate) const IDENTIFIER_TYPE: &str = "http://terminology.hl7.org/CodeSystem/v2-0203";
pub(crate) const SERVICE_SECTION: &str = "http://terminology.hl7.org/CodeSystem/v2-0074";
pub(crate) const OBSERVATION_CATEGORY: &str =
    "http://terminology.hl7.org/CodeSystem/observation-category";
pub(crate) const DATA_ABSENT: &str = "http://terminology.hl7.org/CodeSystem/data-absent-reason";
pub(crate) const GENDER: &str = "http://hl7.org/fhir/administrative-gender";
/// What DICOM calls a station.
pub(crate) const AE_TITLE: &str = "urn:medical-portal:ae-title";
/// Codes of the portal's own: what an Observation is of.
pub(crate) const OBSERVED: &str = "urn:medical-portal:observation";
/// Codes of the portal's own: categories of risk.
pub(crate) const RISK: &str = "urn:medical-portal:risk";
/// Codes of the portal's own: why the AI could not assess a case.
pub(crate) const NOT_ASSESSED: &str = "urn:medical-portal:not-assessed";

/// How systems begin that stand for an issuer in words (Issuer of Patient ID is no URI).
const ISSUER: &str = "urn:medical-portal:issuer:";
const KEPT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The system of an issuer; none where the number has no issuer.
pub(crate) fn of_issuer(issuer: &str) -> Option<String> {
    if issuer.is_empty() {
        return None;
    }
    let is_uri = ["urn:", "http://", "https://"]
        .iter()
        .any(|scheme| issuer.starts_with(scheme));
    Some(if is_uri {
        issuer.to_owned()
    } else {
        format!("{ISSUER}{}", utf8_percent_encode(issuer, KEPT))
    })
}

/// The issuer of a system.
pub(crate) fn issuer_of(system: &str) -> String {
    system.strip_prefix(ISSUER).map_or_else(
        || system.to_owned(),
        |words| percent_decode_str(words).decode_utf8_lossy().into_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_found_again_by_its_system() {
        for issuer in ["", "St. Mary's", "urn:oid:1.2.3", "Klinik Süd|1"] {
            let system = of_issuer(issuer);
            assert_eq!(system.as_deref().map_or(String::new(), issuer_of), issuer);
        }
    }
}
