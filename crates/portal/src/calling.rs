//! How devices and archives of the list are called.

use std::sync::Arc;

use anyhow::{Context, Result};
use dimse::Calling;
use rustls::{ClientConfig, RootCertStore};

use crate::{cli::ServeArgs, machines};

/// Over TLS where they listen so: the portal's certificate is shown, and those are taken that the authorities of devices, or
/// else those of this machine, have signed. In the clear over a network only where that is said.
pub(crate) fn calling(args: &ServeArgs) -> Result<Calling> {
    let mut calling = Calling::default();
    if args.dicom.dicom_in_the_clear {
        calling = calling.in_the_clear();
    }
    if !args.dicom.dicom_tls {
        return Ok(calling);
    }
    let (chain, key) = machines::identity(args, "dicom")?;
    let roots = match &args.dicom.dicom_client_authorities {
        Some(path) => machines::roots(path)?,
        None => {
            let mut roots = RootCertStore::empty();
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            roots
        }
    };
    let config = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_client_auth_cert(chain, key)
        .context("certificate and key do not belong together")?;
    Ok(calling.with_tls(Arc::new(config)))
}
