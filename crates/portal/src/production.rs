//! What a portal that patients depend on refuses to start with. The demo has rules of its own (it
//! listens on loopback only), and `--evaluation` turns each refusal into a warning.

use anyhow::{Result, bail};
use db::{Database, DatabaseLink};

use crate::{cli::ServeArgs, place::Place};

/// Refuses what can be seen before anything is started.
pub(crate) fn check_configuration(args: &ServeArgs) -> Result<()> {
    let mut faults = Vec::new();
    let speaks_tls = args.tls_certificate.is_some() || args.secure_cookies;
    if !args.listen.ip().is_loopback() && !speaks_tls {
        faults.push(format!(
            "{} is reached over the network and speaks plain http, in which passwords and films can be read on the way: name a certificate (tls_certificate, tls_key), or listen on 127.0.0.1; behind a proxy that speaks TLS say secure_cookies",
            args.listen
        ));
    }
    let dicom = &args.dicom;
    if dicom.dicom_port.is_some()
        && !args.listen.ip().is_loopback()
        && !dicom.dicom_tls
        && !dicom.dicom_in_the_clear
    {
        faults.push(
            "devices send films over the network in the clear, where they can be read and forged on the way: say dicom_tls; where the devices cannot and the network is theirs alone, dicom_in_the_clear".to_owned(),
        );
    }
    let systems = &args.hl7;
    if systems.hl7_port.is_some()
        && !args.listen.ip().is_loopback()
        && !systems.hl7_tls
        && !systems.hl7_in_the_clear
    {
        faults.push(
            "other systems send patients and orders over the network in the clear, where they can be read and forged on the way: say hl7_tls; where they cannot and the network is theirs alone, hl7_in_the_clear".to_owned(),
        );
    }
    let links = [
        ("database_url", &args.place.database_url),
        ("database_admin_url", &args.place.database_admin_url),
    ];
    for (name, url) in links {
        let Some(url) = url else { continue };
        match DatabaseLink::of(url)? {
            DatabaseLink::Local | DatabaseLink::Verified => {}
            DatabaseLink::Plain => faults.push(format!(
                "{name} reaches its server over the network without a verified certificate: add sslmode=verify-full (and sslrootcert=FILE for a certificate authority of your own)"
            )),
        }
        if DatabaseLink::has_default_password(url)? {
            faults.push(format!(
                "{name} holds a password that everybody knows: ALTER ROLE … PASSWORD with a random one"
            ));
        }
    }
    refuse(args, &faults)
}

/// Refuses accounts that everybody can sign in to.
pub(crate) async fn check_accounts(
    args: &ServeArgs,
    place: &Place,
    database: &Database,
) -> Result<()> {
    if args.demo {
        return Ok(());
    }
    let active = check::active_demo_accounts(database).await?;
    let faults: Vec<String> = active
        .iter()
        .map(|email| {
            format!(
                "{email} in {} is active, an account of the demo whose password everybody knows: medical-portal user deactivate --email {email}",
                place.data_dir().display()
            )
        })
        .collect();
    refuse(args, &faults)
}

fn refuse(args: &ServeArgs, faults: &[String]) -> Result<()> {
    if faults.is_empty() {
        return Ok(());
    }
    if args.evaluation || args.demo {
        for fault in faults {
            tracing::warn!(fault, "not safe for patients");
        }
        return Ok(());
    }
    bail!(
        "this is not safe for patients:\n- {}\nTo try the portal out all the same: --evaluation",
        faults.join("\n- ")
    )
}
