//! The ports that other machines speak to: devices (DICOM) and systems (HL7 v2).

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, Result, bail};
use dimse::Dimse;
use hl7::Hl7;
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::WebPkiClientVerifier,
};
use tokio_rustls::TlsAcceptor;

use crate::cli::ServeArgs;

/// Where machines are listened to: on the portal's own address.
pub(crate) fn address(args: &ServeArgs, port: Option<u16>) -> Option<SocketAddr> {
    Some(SocketAddr::new(args.listen.ip(), port?))
}

/// The service for devices with its options.
pub(crate) fn devices(args: &ServeArgs, dimse: Dimse) -> Result<Dimse> {
    let dicom = &args.dicom;
    let acceptor = acceptor(
        args,
        "dicom",
        dicom.dicom_tls,
        dicom.dicom_client_authorities.as_ref(),
    )?;
    Ok(match acceptor {
        Some(acceptor) => dimse.with_tls(acceptor),
        None => dimse,
    })
}

/// The service for systems with its options.
pub(crate) fn systems(args: &ServeArgs, service: Hl7) -> Result<Hl7> {
    let options = &args.hl7;
    let acceptor = acceptor(
        args,
        "hl7",
        options.hl7_tls,
        options.hl7_client_authorities.as_ref(),
    )?;
    Ok(match acceptor {
        Some(acceptor) => service.with_tls(acceptor),
        None => service,
    })
}

/// What accepts TLS, where it is wanted; `prefix` is how the options begin.
fn acceptor(
    args: &ServeArgs,
    prefix: &str,
    is_tls: bool,
    authorities: Option<&PathBuf>,
) -> Result<Option<TlsAcceptor>> {
    if !is_tls {
        if authorities.is_some() {
            bail!(
                "{prefix}_client_authorities needs {prefix}_tls: without TLS nobody shows a certificate"
            );
        }
        return Ok(None);
    }
    let (certificates, key) = identity(args, prefix)?;
    let builder = match authorities {
        None => ServerConfig::builder().with_no_client_auth(),
        Some(path) => {
            let verifier = WebPkiClientVerifier::builder(Arc::new(roots(path)?))
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
    Ok(Some(TlsAcceptor::from(Arc::new(config))))
}

/// The portal's own certificate chain and key, which `PREFIX_tls` shows.
pub(crate) fn identity(
    args: &ServeArgs,
    prefix: &str,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)> {
    let (Some(chain), Some(key)) = (&args.tls_certificate, &args.tls_key) else {
        bail!(
            "{prefix}_tls shows the portal's certificate: name it with tls_certificate and tls_key"
        );
    };
    let _ = rustls::crypto::ring::default_provider().install_default();
    let certificates = CertificateDer::pem_file_iter(chain)
        .and_then(Iterator::collect)
        .with_context(|| format!("cannot use the certificate {}", chain.display()))?;
    let key = PrivateKeyDer::from_pem_file(key)
        .with_context(|| format!("cannot use the key {}", key.display()))?;
    Ok((certificates, key))
}

/// The authorities of a file (PEM).
pub(crate) fn roots(path: &Path) -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    let authorities = CertificateDer::pem_file_iter(path)
        .with_context(|| format!("cannot read {}", path.display()))?;
    for authority in authorities {
        roots.add(authority.with_context(|| format!("cannot read {}", path.display()))?)?;
    }
    Ok(roots)
}
