//! `medical-portal hl7`, and the options of the port that such systems send to.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use ipnet::IpNet;

use super::{PlaceArgs, device::network};

#[derive(Debug, Args)]
pub(crate) struct Hl7Args {
    /// Let other systems send patients and orders to this port (HL7 v2 over MLLP), on the address of --listen; see
    /// `hl7 add-sender`
    #[arg(long, env = "PORTAL_HL7_PORT", value_name = "PORT")]
    pub(crate) hl7_port: Option<u16>,
    /// They speak TLS, and are shown the certificate of --tls-certificate
    #[arg(long, env = "PORTAL_HL7_TLS")]
    pub(crate) hl7_tls: bool,
    /// They show a certificate that one of these authorities (PEM) has signed
    #[arg(long, env = "PORTAL_HL7_CLIENT_AUTHORITIES", value_name = "FILE")]
    pub(crate) hl7_client_authorities: Option<PathBuf>,
    /// Let them send patients and orders in the clear over a network that you trust
    #[arg(long, env = "PORTAL_HL7_IN_THE_CLEAR")]
    pub(crate) hl7_in_the_clear: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Hl7Command {
    /// Let a system send patients and orders, under the name it gives and from these addresses
    AddSender {
        #[command(flatten)]
        place: PlaceArgs,
        /// What the system calls itself in MSH-3
        #[arg(long, value_name = "NAME", value_parser = application)]
        application: String,
        /// Network or address that it comes from; may be repeated
        #[arg(long = "address", required = true, value_name = "NETWORK", value_parser = network)]
        addresses: Vec<IpNet>,
    },
    /// Refuse a system from now on; what it sent stays
    RemoveSender {
        #[command(flatten)]
        place: PlaceArgs,
        /// What the system calls itself in MSH-3
        #[arg(long, value_name = "NAME")]
        application: String,
    },
    /// Send every result that is signed from now on to a system (ORU^R01)
    AddReceiver(ReceiverArgs),
    /// Send a system no results any more
    RemoveReceiver {
        #[command(flatten)]
        place: PlaceArgs,
        /// What people call it
        #[arg(long)]
        name: String,
    },
    /// List the systems, with when each was last there
    List {
        #[command(flatten)]
        place: PlaceArgs,
        /// Print JSON instead of tables
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct ReceiverArgs {
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
    /// What people call it, such as EHR
    #[arg(long)]
    pub(crate) name: String,
    /// Where it listens
    #[arg(long, value_name = "HOST:PORT", value_parser = host_and_port)]
    pub(crate) to: (String, u16),
    /// What it is called in MSH-5 [default: its name]
    #[arg(long, value_name = "NAME")]
    pub(crate) application: Option<String>,
    /// What it is called in MSH-6
    #[arg(long, value_name = "NAME", default_value = "")]
    pub(crate) facility: String,
    /// Authorities that its certificate is of (PEM) [default: those that this system trusts]
    #[arg(long, value_name = "FILE", conflicts_with = "in_the_clear")]
    pub(crate) authorities: Option<PathBuf>,
    /// Send results in the clear: on this machine, or over a network that you trust
    #[arg(long)]
    pub(crate) in_the_clear: bool,
}

fn application(text: &str) -> Result<String, String> {
    let name = text.trim();
    if name.is_empty() || name.chars().count() > 180 || name.chars().any(char::is_control) {
        return Err(
            "give the name as the system writes it in MSH-3: 1 to 180 characters".to_owned(),
        );
    }
    Ok(name.to_owned())
}

fn host_and_port(text: &str) -> Result<(String, u16), String> {
    let wrong = || "write it as host:port, such as ehr.example.org:2575".to_owned();
    let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let port = port
        .parse()
        .ok()
        .filter(|port| *port > 0)
        .ok_or_else(wrong)?;
    if host.is_empty() || host.len() > 253 || host.contains(char::is_whitespace) {
        return Err(wrong());
    }
    Ok((host.to_owned(), port))
}
