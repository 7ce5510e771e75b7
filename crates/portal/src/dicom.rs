//! The port that devices send films to.

use std::{net::SocketAddr, sync::Arc};

use anyhow::{Context, Result, bail};
use dimse::Dimse;
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::WebPkiClientVerifier,
};
use tokio_rustls::TlsAcceptor;

use crate::cli::{DicomArgs, ServeArgs};

/// Where devices are listened to: on the portal's own address.
pub(crate) fn address(args: &ServeArgs) -> Option<SocketAddr> {
    let port = args.dicom.dicom_port?;
    Some(SocketAddr::new(args.listen.ip(), port))
}

/// The service with its options.
pub(crate) fn service(args: &ServeArgs, dimse: Dimse) -> Result<Dimse> {
    if !args.dicom.dicom_tls {
        if args.dicom.dicom_client_authorities.is_some() {
            bail!(
                "dicom_client_authorities needs dicom_tls: without TLS no device shows a certificate"
            );
        }
        return Ok(dimse);
    }
    Ok(dimse.with_tls(acceptor(args, &args.dicom)?))
}

fn acceptor(args: &ServeArgs, dicom: &DicomArgs) -> Result<TlsAcceptor> {
    let (Some(chain), Some(key)) = (&args.tls_certificate, &args.tls_key) else {
        bail!("dicom_tls shows the portal's certificate: name it with tls_certificate and tls_key");
    };
    let _ = rustls::crypto::ring::default_provider().install_default();
    let certificates = CertificateDer::pem_file_iter(chain)
        .and_then(Iterator::collect)
        .with_context(|| format!("cannot use the certificate {}", chain.display()))?;
    let key = PrivateKeyDer::from_pem_file(key)
        .with_context(|| format!("cannot use the key {}", key.display()))?;
    let builder = match &dicom.dicom_client_authorities {
        None => ServerConfig::builder().with_no_client_auth(),
        Some(path) => {
            let mut roots = RootCertStore::empty();
            let authorities = CertificateDer::pem_file_iter(path)
                .with_context(|| format!("cannot read {}", path.display()))?;
            for authority in authorities {
                roots.add(authority.with_context(|| format!("cannot read {}", path.display()))?)?;
            }
            let verifier = WebPkiClientVerifier::builder(Arc::new(roots))
                .build()
                .with_context(|| {
                    format!("{} holds no certificate of an authority", path.display())
                })?;
            ServerConfig::builder().with_client_cert_verifier(verifier)
        }
    };
    let config = builder
        .with_single_cert(certificates, key)
        .context("certificate and key do not belong together")?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}
