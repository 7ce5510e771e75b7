//! The accounts of the demo. The first ones are made as at the machine's command line, since nobody
//! can sign in yet.

use axum::http::Method;
use chrono::{DateTime, Utc};
use db::{
    Actor, Database,
    accounts::{self, Account, AccountChange, AccountFilter, NewAccount},
    audit::Act,
};
use domain::{
    EmailAddress, Role, UserId,
    audit::{AuditAction, EntityType},
};
use serde_json::json;

use super::{
    DemoError,
    portal::{Items, Patient, Session},
};
use crate::DemoPatient;

/// Address of the demo's patient.
pub const PATIENT: &str = "patient@example.com";
/// Address of the demo's radiologist, the first account to be made.
pub const RADIOLOGIST: &str = "radiologist@example.com";
/// Address of the demo's doctor.
pub const DOCTOR: &str = "doctor@example.com";
/// Address of the demo's technician. Made last: where it is, the demo is complete.
pub const TECH: &str = "tech@example.com";

/// An account of the demo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DemoLogin {
    /// The address to sign in with.
    pub email: &'static str,
    /// The role.
    pub role: Role,
    /// The name.
    pub name: &'static str,
}

/// The accounts that can sign in once the demo is filled.
pub const LOGINS: [DemoLogin; 4] = [
    DemoLogin {
        email: PATIENT,
        role: Role::Patient,
        name: "Ada Demo",
    },
    DemoLogin {
        email: RADIOLOGIST,
        role: Role::Radiologist,
        name: "Ray Demo",
    },
    DemoLogin {
        email: DOCTOR,
        role: Role::Doctor,
        name: "Dr. Demo Reader",
    },
    DemoLogin {
        email: TECH,
        role: Role::Tech,
        name: "Terry Demo",
    },
];

/// What of the demo is there already.
pub(super) enum Found {
    /// All of it.
    Complete,
    /// Nothing, or the beginning.
    Incomplete,
}

fn address(email: &str) -> EmailAddress {
    email.parse().expect("the demo's addresses are addresses")
}

/// Looks what is there, and refuses a portal that is somebody's.
pub(super) async fn look(database: &Database) -> Result<Found, DemoError> {
    let mut tx = database.begin(&Actor::command_line()).await?;
    let has_radiologist = accounts::find_by_email(&mut tx, &address(RADIOLOGIST))
        .await?
        .is_some();
    let has_tech = accounts::find_by_email(&mut tx, &address(TECH))
        .await?
        .is_some();
    if has_radiologist {
        return Ok(if has_tech {
            Found::Complete
        } else {
            Found::Incomplete
        });
    }
    let others = accounts::list(&mut tx, &AccountFilter::default(), None, 1).await?;
    if others.items.is_empty() {
        Ok(Found::Incomplete)
    } else {
        Err(DemoError::NotEmpty)
    }
}

/// A demo password, checked and hashed.
pub(super) async fn hash(password: &str) -> Result<String, DemoError> {
    for login in LOGINS {
        domain::password::check(
            password,
            domain::password::DEFAULT_MINIMUM_LENGTH,
            login.email,
            login.name,
        )?;
    }
    let password = password.to_owned();
    tokio::task::spawn_blocking(move || api::passwords::hash_now(&password))
        .await?
        .map_err(|problem| DemoError::Password(format!("{problem:?}")))
}

/// Makes an account, or gives one that is there this password. Says when it was first made.
pub(super) async fn ensure(
    database: &Database,
    email: &str,
    hash: &str,
) -> Result<DateTime<Utc>, DemoError> {
    let login = LOGINS
        .iter()
        .find(|login| login.email == email)
        .expect("only the demo's accounts are made");
    let mut tx = database.begin(&Actor::command_line()).await?;
    if let Some(account) = accounts::find_by_email(&mut tx, &address(email)).await? {
        drop(tx);
        set_password(database, &account, hash).await?;
        return Ok(account.created_at);
    }
    let id = UserId::new_at(tx.now());
    let made_at = tx.now();
    let account = NewAccount {
        id,
        email: &address(email),
        password_hash: Some(hash),
        role: login.role,
        name: login.name,
        phone: None,
        date_of_birth: None,
    };
    accounts::create(&mut tx, &account).await?;
    let act = Act::new(AuditAction::CreateUser, EntityType::User)
        .on(id)
        .new_values(json!({ "role": login.role }));
    tx.audit(act).await?;
    tx.commit().await?;
    Ok(made_at)
}

async fn set_password(database: &Database, account: &Account, hash: &str) -> Result<(), DemoError> {
    let mut tx = database.begin(&Actor::command_line()).await?;
    let change = AccountChange {
        password_hash: Some(hash),
        ..AccountChange::default()
    };
    accounts::change(&mut tx, account.id, &change).await?;
    let act = Act::new(AuditAction::UpdateUser, EntityType::User)
        .on(account.id)
        .new_values(json!({ "changed": ["password"] }));
    tx.audit(act).await?;
    Ok(tx.commit().await?)
}

/// Gives the demo's patient, whom the radiologist registered, a password.
pub(super) async fn let_patient_in(database: &Database, hash: &str) -> Result<(), DemoError> {
    let mut tx = database.begin(&Actor::command_line()).await?;
    let account = accounts::find_by_email(&mut tx, &address(PATIENT)).await?;
    drop(tx);
    let account = account.ok_or_else(|| {
        DemoError::unexpected("/api/patients", "the registered patient is not there")
    })?;
    set_password(database, &account, hash).await
}

/// Registers a patient, or finds the one with this number.
pub(super) async fn register(
    radiologist: &Session<'_>,
    patient: &DemoPatient,
    email: Option<&str>,
) -> Result<UserId, DemoError> {
    let path = format!("/api/patients?search={}", patient.identifier);
    let found: Items<Patient> = radiologist.json(Method::GET, &path, None).await?;
    let same = |known: &&Patient| known.identifier.as_ref() == Some(&patient.identifier);
    if let Some(known) = found.items.iter().find(same) {
        return Ok(known.patient_id);
    }
    let body = json!({
        "name": patient.name(),
        "email": email,
        "date_of_birth": patient.born,
        "gender": patient.gender,
        "identifier": patient.identifier,
    });
    let made: Patient = radiologist
        .json(Method::POST, "/api/patients", Some(&body))
        .await?;
    Ok(made.patient_id)
}
