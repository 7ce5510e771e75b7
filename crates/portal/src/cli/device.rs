//! `medical-portal device`.

use clap::Subcommand;
use domain::Role;
use ipnet::IpNet;

use super::PlaceArgs;

#[derive(Debug, Subcommand)]
pub(crate) enum DeviceCommand {
    /// Let a device speak DICOM with the portal, under its AE title and from these addresses
    Add {
        #[command(flatten)]
        place: PlaceArgs,
        /// What the device calls itself: 1 to 16 characters
        #[arg(long, value_parser = ae_title)]
        ae_title: String,
        /// Network or address that it comes from; may be repeated [default: the address of --host]
        #[arg(long = "address", value_name = "NETWORK", value_parser = network)]
        addresses: Vec<IpNet>,
        /// radiologist (stores films, and finds its own) or doctor (finds all, and stores none)
        #[arg(long, default_value = "radiologist")]
        role: Role,
        /// Name or address of its machine, if it listens and films may be sent to it
        #[arg(long, requires = "port", value_parser = host)]
        host: Option<String>,
        /// Port that it listens on
        #[arg(long, requires = "host", value_parser = clap::value_parser!(u16).range(1..))]
        port: Option<u16>,
        /// It listens over TLS, with a certificate that names --host
        #[arg(long, requires = "host")]
        over_tls: bool,
        /// What it is for people, such as "CR room 1" [default: the AE title]
        #[arg(long)]
        name: Option<String>,
    },
    /// List the devices, with when they were last there
    List {
        #[command(flatten)]
        place: PlaceArgs,
        /// Print JSON instead of a table
        #[arg(long)]
        json: bool,
    },
    /// Refuse a device from now on; what it sent stays
    Remove {
        #[command(flatten)]
        place: PlaceArgs,
        /// What the device calls itself
        #[arg(long, value_parser = ae_title)]
        ae_title: String,
    },
}

/// An application entity's title (PS3.5 6.2, AE): no backslash, no control characters, spaces around it mean nothing.
pub(crate) fn ae_title(text: &str) -> Result<String, String> {
    let title = text.trim();
    let plain = |character: char| (' '..='~').contains(&character) && character != '\\';
    if title.is_empty() || title.len() > 16 || !title.chars().all(plain) {
        return Err(
            "an AE title has 1 to 16 letters, digits, spaces and signs, and no backslash"
                .to_owned(),
        );
    }
    Ok(title.to_owned())
}

/// A machine's name or address.
fn host(text: &str) -> Result<String, String> {
    let is_one = |c: char| c.is_ascii_alphanumeric() || ['.', '-'].contains(&c);
    let is_name = !text.is_empty() && text.len() <= 253 && text.chars().all(is_one);
    if !is_name && text.parse::<std::net::IpAddr>().is_err() {
        return Err("give the name or the address of a machine, without a port".to_owned());
    }
    Ok(text.to_owned())
}

/// A network, or one address.
pub(crate) fn network(text: &str) -> Result<IpNet, String> {
    let of_address = || text.parse::<std::net::IpAddr>().map(IpNet::from);
    text.parse::<IpNet>()
        .map(|net| net.trunc())
        .or_else(|_| of_address())
        .map_err(|_| "give an address such as 10.1.2.3 or a network such as 10.1.2.0/24".to_owned())
}
