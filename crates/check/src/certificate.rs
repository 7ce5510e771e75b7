//! The certificate the portal shows, where it speaks TLS itself.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use x509_parser::pem::Pem;

use crate::{Diagnosis, Subject};

/// Days before its end at which somebody should renew it.
const SOON_DAYS: i64 = 21;
/// Days before its end at which it is urgent.
const URGENT_DAYS: i64 = 3;

/// Why a certificate could not be read.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// The file cannot be read.
    #[error("cannot read {path}: {source}", path = path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The file holds no certificate.
    #[error("{path} holds no certificate in PEM form", path = path.display())]
    NoCertificate {
        /// Which.
        path: PathBuf,
    },
}

/// When the first certificate of a PEM file ends.
///
/// # Errors
/// When the file cannot be read or holds none.
pub fn certificate_end(path: &Path) -> Result<DateTime<Utc>, CertificateError> {
    let bytes = std::fs::read(path).map_err(|source| CertificateError::Io {
        path: path.to_owned(),
        source,
    })?;
    Pem::iter_from_buffer(&bytes)
        .filter_map(Result::ok)
        .find(|pem| pem.label == "CERTIFICATE")
        .and_then(|pem| {
            let certificate = pem.parse_x509().ok()?;
            DateTime::from_timestamp(certificate.validity().not_after.timestamp(), 0)
        })
        .ok_or_else(|| CertificateError::NoCertificate {
            path: path.to_owned(),
        })
}

pub(crate) fn look(subject: &Subject, diagnosis: &mut Diagnosis) {
    let Some(path) = &subject.serving.certificate else {
        return;
    };
    match certificate_end(path) {
        Ok(end) => {
            let days = (end - subject.clock.now()).num_days();
            let detail = format!(
                "{} ends on {} (in {days} days)",
                path.display(),
                end.format("%Y-%m-%d")
            );
            let remedy = "Renew it and put the new files in the same place; the portal reads them within a minute (docs/OPERATIONS.md, \"The certificate ends\").";
            if days < URGENT_DAYS {
                diagnosis.fail("certificate", detail, remedy);
            } else if days < SOON_DAYS {
                diagnosis.warn("certificate", detail, remedy);
            } else {
                diagnosis.ok("certificate", detail);
            }
        }
        Err(error) => diagnosis.fail(
            "certificate",
            error.to_string(),
            "Name the certificate chain in PEM form.",
        ),
    }
}
