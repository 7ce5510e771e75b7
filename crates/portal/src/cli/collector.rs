//! Where audit messages are sent as the trail grows.

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct CollectorArgs {
    /// Send audit messages (DICOM PS3.15 A.5) to this collector of syslog over TLS, as host:port
    #[arg(long, env = "PORTAL_AUDIT_COLLECTOR", value_name = "HOST:PORT")]
    pub(crate) audit_collector: Option<String>,
    /// Authorities that the collector's certificate is of (PEM) [default: those that this system trusts]
    #[arg(
        long,
        env = "PORTAL_AUDIT_COLLECTOR_AUTHORITIES",
        value_name = "FILE",
        requires = "audit_collector"
    )]
    pub(crate) audit_collector_authorities: Option<PathBuf>,
    /// The portal's own certificate chain (PEM), where the collector asks who it is
    #[arg(
        long,
        env = "PORTAL_AUDIT_COLLECTOR_CERTIFICATE",
        value_name = "FILE",
        requires = "audit_collector",
        requires = "audit_collector_key"
    )]
    pub(crate) audit_collector_certificate: Option<PathBuf>,
    /// That certificate's private key (PEM)
    #[arg(
        long,
        env = "PORTAL_AUDIT_COLLECTOR_KEY",
        value_name = "FILE",
        requires = "audit_collector_certificate"
    )]
    pub(crate) audit_collector_key: Option<PathBuf>,
}
