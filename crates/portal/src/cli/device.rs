//! `medical-portal device`.

use clap::Subcommand;
use ipnet::IpNet;

use super::PlaceArgs;

#[derive(Debug, Subcommand)]
pub(crate) enum DeviceCommand {
    /// Let a device send films by DICOM C-STORE, under its AE title and from these addresses
    Add {
        #[command(flatten)]
        place: PlaceArgs,
        /// What the device calls itself: 1 to 16 characters
        #[arg(long, value_parser = ae_title)]
        ae_title: String,
        /// Network or address that it comes from; may be repeated
        #[arg(long = "address", required = true, value_name = "NETWORK", value_parser = network)]
        addresses: Vec<IpNet>,
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

/// A network, or one address.
pub(crate) fn network(text: &str) -> Result<IpNet, String> {
    let of_address = || text.parse::<std::net::IpAddr>().map(IpNet::from);
    text.parse::<IpNet>()
        .map(|net| net.trunc())
        .or_else(|_| of_address())
        .map_err(|_| "give an address such as 10.1.2.3 or a network such as 10.1.2.0/24".to_owned())
}
