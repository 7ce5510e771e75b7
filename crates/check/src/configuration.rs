//! Settings: what is stored, how the portal is served, and what no hospital should run with.

use std::{net::SocketAddr, path::PathBuf};

use db::{Actor, Database, DbError};

use crate::{Diagnosis, Subject, unanswered};

/// How the portal is served, as far as the command line, environment and configuration file say.
#[derive(Debug, Clone, Default)]
pub struct Serving {
    /// Where it listens.
    pub listen: Option<SocketAddr>,
    /// Whether cookies are for TLS only.
    pub secure_cookies: bool,
    /// The certificate it serves with, if it serves TLS itself.
    pub certificate: Option<PathBuf>,
}

/// What can be said of the way it is served without a database.
pub(crate) fn look_at_serving(subject: &Subject, diagnosis: &mut Diagnosis) {
    let serving = &subject.serving;
    let exposed = serving
        .listen
        .is_some_and(|listen| !listen.ip().is_loopback());
    if exposed && serving.certificate.is_none() {
        diagnosis.fail(
            "tls",
            "the portal listens beyond this machine without TLS: passwords and films cross the network in the clear",
            "Listen on 127.0.0.1 behind a proxy that speaks TLS (ops/proxy), or name a certificate.",
        );
    } else if !serving.secure_cookies && serving.listen.is_some() {
        diagnosis.warn(
            "secure_cookies",
            "cookies are not marked Secure",
            "When the portal is reached over https, say --secure-cookies (PORTAL_SECURE_COOKIES=true).",
        );
    } else {
        diagnosis.ok("tls", "nothing crosses the network in the clear");
    }
}

/// The accounts every reader of the README can sign in with.
fn demo_accounts() -> impl Iterator<Item = String> {
    ["patient", "radiologist", "doctor", "tech"]
        .into_iter()
        .map(|role| format!("{role}@example.com"))
}

/// Stored settings are of their form; accounts are what a hospital should have.
pub(crate) async fn look_at_settings(
    database: &Database,
    subject: &Subject,
    diagnosis: &mut Diagnosis,
) {
    if let Err(error) = settings(database, diagnosis).await {
        unanswered(diagnosis, "settings", &error);
    }
    if let Err(error) = accounts(database, subject, diagnosis).await {
        unanswered(diagnosis, "accounts", &error);
    }
}

async fn settings(database: &Database, diagnosis: &mut Diagnosis) -> Result<(), DbError> {
    let mut tx = database.begin(&Actor::command_line()).await?;
    let mut fine = true;
    for stored in db::settings::stored(&mut tx).await? {
        let Some(definition) = domain::settings::definition(&stored.setting_key) else {
            fine = false;
            diagnosis.warn(
                "settings",
                format!(
                    "{} is stored, but this version knows no such setting",
                    stored.setting_key
                ),
                format!("medical-portal settings reset {}", stored.setting_key),
            );
            continue;
        };
        if let Err(fault) = (definition.check)(&stored.setting_value) {
            fine = false;
            diagnosis.fail(
                "settings",
                format!(
                    "{} is not of its form ({fault}); the default is in force",
                    stored.setting_key
                ),
                format!(
                    "medical-portal settings set {} VALUE, or settings reset",
                    stored.setting_key
                ),
            );
        }
    }
    if fine {
        diagnosis.ok("settings", "every stored setting is of its form");
    }
    Ok(())
}

async fn accounts(
    database: &Database,
    subject: &Subject,
    diagnosis: &mut Diagnosis,
) -> Result<(), DbError> {
    let mut tx = database.begin(&Actor::command_line()).await?;
    if db::accounts::count_active_tech(&mut tx).await? == 0 {
        diagnosis.fail(
            "accounts",
            "no technician can sign in",
            "medical-portal user create --role tech --email ADDRESS --name NAME",
        );
    } else {
        diagnosis.ok("accounts", "a technician can sign in");
    }
    if subject.is_demo() {
        return Ok(());
    }
    for email in active_demo_accounts(database).await? {
        diagnosis.fail(
            "demo_accounts",
            format!("{email} is active: everybody knows its password"),
            "Deactivate it under Users; the demo belongs into a data folder of its own.",
        );
    }
    Ok(())
}

/// The demo's accounts that can sign in here.
///
/// # Errors
/// When the database does not answer.
pub async fn active_demo_accounts(database: &Database) -> Result<Vec<String>, DbError> {
    let mut tx = database.begin(&Actor::command_line()).await?;
    let mut active = Vec::new();
    for email in demo_accounts() {
        let Ok(address) = email.parse() else { continue };
        if let Some(account) = db::accounts::find_by_email(&mut tx, &address).await?
            && account.is_active
        {
            active.push(email);
        }
    }
    Ok(active)
}
