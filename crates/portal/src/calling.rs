//! How devices and archives of the list are called.

use std::sync::Arc;

use anyhow::{Context, Result, bail};
use dimse::Calling;
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};

use crate::cli::ServeArgs;

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
    let (Some(chain), Some(key)) = (&args.tls_certificate, &args.tls_key) else {
        bail!("dicom_tls shows the portal's certificate: name it with tls_certificate and tls_key");
    };
    let _ = rustls::crypto::ring::default_provider().install_default();
    let chain = CertificateDer::pem_file_iter(chain)
        .and_then(Iterator::collect)
        .with_context(|| format!("cannot use the certificate {}", chain.display()))?;
    let key = PrivateKeyDer::from_pem_file(key)
        .with_context(|| format!("cannot use the key {}", key.display()))?;
    let mut roots = RootCertStore::empty();
    match &args.dicom.dicom_client_authorities {
        Some(path) => {
            let cannot = || format!("cannot read {}", path.display());
            for authority in CertificateDer::pem_file_iter(path).with_context(cannot)? {
                roots.add(authority.with_context(cannot)?)?;
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    let config = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_client_auth_cert(chain, key)
        .context("certificate and key do not belong together")?;
    Ok(calling.with_tls(Arc::new(config)))
}
