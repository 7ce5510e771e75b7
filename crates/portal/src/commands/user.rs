//! `medical-portal user create|password|deactivate|activate|list|sessions|sign-out|reset-second-factor`.

use anyhow::{Context, Result, bail};
use db::{
    Actor, ActorTx,
    accounts::{self, Account, AccountChange, AccountFilter, NewAccount},
    audit::Act,
};
use domain::{
    EmailAddress, Role, UserId,
    audit::{AuditAction, EntityType},
    password, settings,
};
use serde_json::json;

use super::table;
use crate::{
    cli::{PlaceArgs, UserCommand},
    place::Place,
};

/// Runs the command.
pub(super) async fn run(command: UserCommand) -> Result<()> {
    match command {
        UserCommand::Create {
            place,
            email,
            role,
            name,
        } => create(&place, &email, role, &name).await,
        UserCommand::Password { place, email } => change_password(&place, &email).await,
        UserCommand::Deactivate { place, email } => set_active(&place, &email, false).await,
        UserCommand::Activate { place, email } => set_active(&place, &email, true).await,
        UserCommand::Sessions { place, email, json } => sessions(&place, &email, json).await,
        UserCommand::SignOut { place, email } => sign_out(&place, &email).await,
        UserCommand::ResetSecondFactor { place, email } => {
            reset_second_factor(&place, &email).await
        }
        UserCommand::List { place, json } => list(&place, json).await,
    }
}

/// The new password, from the environment or asked for twice. Never an argument: the process list
/// would show it.
fn ask_password(email: &EmailAddress, name: &str, minimum: usize) -> Result<String> {
    let given = match std::env::var("PORTAL_PASSWORD") {
        Ok(given) => given,
        Err(_) => {
            let first = rpassword::prompt_password("Password: ")
                .context("cannot ask for a password; set PORTAL_PASSWORD")?;
            if first != rpassword::prompt_password("Once more: ")? {
                bail!("the two passwords are not the same");
            }
            first
        }
    };
    password::check(&given, minimum, email.as_str(), name)
        .context("this password cannot be used")?;
    Ok(given)
}

fn hash(password: &str) -> Result<String> {
    api::passwords::hash_now(password)
        .map_err(|_| anyhow::anyhow!("the password could not be hashed"))
}

async fn create(args: &PlaceArgs, email: &EmailAddress, role: Role, name: &str) -> Result<()> {
    if name.trim().is_empty() {
        bail!("--name must not be empty");
    }
    let place = Place::open(args, None).await?;
    let database = place.database().await?;
    let mut tx = database.begin(&Actor::command_line()).await?;
    let minimum = db::settings::get(&mut tx, settings::PASSWORD_MINIMUM_LENGTH).await?;
    let hash = hash(&ask_password(email, name, minimum)?)?;
    let id = UserId::new_at(tx.now());
    let account = NewAccount {
        id,
        email,
        password_hash: Some(&hash),
        role,
        name: name.trim(),
        phone: None,
        date_of_birth: None,
    };
    match accounts::create(&mut tx, &account).await {
        Err(error) if error.is_constraint(accounts::EMAIL_TAKEN) => {
            bail!(
                "{email} has an account already; a new password is given with: medical-portal user password --email {email}"
            )
        }
        outcome => outcome?,
    }
    tx.audit(
        Act::new(AuditAction::CreateUser, EntityType::User)
            .on(id)
            .new_values(json!({ "role": role })),
    )
    .await?;
    tx.commit().await?;
    println!("{email} can sign in as {role}.");
    database.close().await;
    place.close().await
}

async fn set_active(args: &PlaceArgs, email: &EmailAddress, active: bool) -> Result<()> {
    let place = Place::open_existing(args).await?;
    let database = place.database().await?;
    let mut tx = database.begin(&Actor::command_line()).await?;
    let account = find(&mut tx, email).await?;
    let change = AccountChange {
        is_active: Some(active),
        ..AccountChange::default()
    };
    accounts::change(&mut tx, account.id, &change).await?;
    if !active {
        db::sessions::end_all(&mut tx, account.id, None).await?;
    }
    tx.audit(
        Act::new(AuditAction::UpdateUser, EntityType::User)
            .on(account.id)
            .old(json!({ "is_active": account.is_active }))
            .new_values(json!({ "is_active": active })),
    )
    .await?;
    tx.commit().await?;
    println!(
        "{email} {}.",
        if active {
            "can sign in"
        } else {
            "can no longer sign in, and no session is open"
        }
    );
    database.close().await;
    place.close().await
}

async fn change_password(args: &PlaceArgs, email: &EmailAddress) -> Result<()> {
    let place = Place::open_existing(args).await?;
    let database = place.database().await?;
    let mut tx = database.begin(&Actor::command_line()).await?;
    let account = find(&mut tx, email).await?;
    let minimum = db::settings::get(&mut tx, settings::PASSWORD_MINIMUM_LENGTH).await?;
    let owner = owner(&database, account.id).await?;
    let hash = hash(&ask_password(email, &owner.name, minimum)?)?;
    let change = AccountChange {
        password_hash: Some(&hash),
        ..AccountChange::default()
    };
    accounts::change(&mut tx, account.id, &change).await?;
    let ended = db::sessions::end_all(&mut tx, account.id, None).await?;
    tx.audit(
        Act::new(AuditAction::UpdateUser, EntityType::User)
            .on(account.id)
            .new_values(json!({ "password_changed": true, "sessions_ended": ended })),
    )
    .await?;
    tx.commit().await?;
    println!("The password of {email} is changed; {ended} sessions ended.");
    database.close().await;
    place.close().await
}

/// The owner of an account, whose name is no part of the new password: tech knows patients by pseudonyms.
async fn owner(database: &db::Database, id: UserId) -> Result<accounts::Profile> {
    let anonymous = Actor::anonymous(db::Origin::default());
    let mut tx = database.begin(&anonymous).await?;
    accounts::profile(&mut tx, id)
        .await?
        .context("the account is gone")
}

async fn find(tx: &mut ActorTx, email: &EmailAddress) -> Result<Account> {
    accounts::find_by_email(tx, email)
        .await?
        .with_context(|| format!("{email} has no account"))
}

async fn sessions(args: &PlaceArgs, email: &EmailAddress, json: bool) -> Result<()> {
    let place = Place::open_existing(args).await?;
    let database = place.database().await?;
    let mut tx = database.begin(&Actor::command_line()).await?;
    let account = find(&mut tx, email).await?;
    let sessions = db::sessions::list_of(&mut tx, account.id).await?;
    tx.audit(Act::new(AuditAction::ListUsers, EntityType::User).on(account.id))
        .await?;
    if json {
        println!("{}", serde_json::to_string_pretty(&sessions)?);
    } else {
        let rows: Vec<Vec<String>> = sessions
            .into_iter()
            .map(|session| {
                let time =
                    |at: chrono::DateTime<chrono::Utc>| at.format("%Y-%m-%d %H:%M UTC").to_string();
                vec![
                    time(session.login_time),
                    time(session.last_activity),
                    session.ip_address.unwrap_or_default(),
                    session.user_agent.unwrap_or_default(),
                ]
            })
            .collect();
        table::print(&["signed in", "last used", "from", "with"], &rows);
    }
    tx.commit().await?;
    database.close().await;
    place.close().await
}

async fn sign_out(args: &PlaceArgs, email: &EmailAddress) -> Result<()> {
    let place = Place::open_existing(args).await?;
    let database = place.database().await?;
    let mut tx = database.begin(&Actor::command_line()).await?;
    let account = find(&mut tx, email).await?;
    let ended = db::sessions::end_all(&mut tx, account.id, None).await?;
    tx.audit(
        Act::new(AuditAction::RevokeSession, EntityType::User)
            .on(account.id)
            .new_values(json!({ "sessions_ended": ended })),
    )
    .await?;
    tx.commit().await?;
    println!("{ended} sessions of {email} ended.");
    database.close().await;
    place.close().await
}

async fn reset_second_factor(args: &PlaceArgs, email: &EmailAddress) -> Result<()> {
    let place = Place::open_existing(args).await?;
    let database = place.database().await?;
    let mut tx = database.begin(&Actor::command_line()).await?;
    let account = find(&mut tx, email).await?;
    if !db::second_factors::remove_all(&mut tx, account.id).await? {
        bail!("{email} has no second factor");
    }
    let ended = db::sessions::end_all(&mut tx, account.id, None).await?;
    tx.audit(
        Act::new(AuditAction::ChangeSecondFactor, EntityType::User)
            .on(account.id)
            .new_values(json!({ "event": "reset", "sessions_ended": ended })),
    )
    .await?;
    tx.commit().await?;
    println!("{email} signs in with the password alone, until a new second factor is set up.");
    database.close().await;
    place.close().await
}

async fn list(args: &PlaceArgs, json: bool) -> Result<()> {
    let place = Place::open_existing(args).await?;
    let database = place.database().await?;
    let mut tx = database.begin(&Actor::command_line()).await?;
    let mut accounts = Vec::new();
    let mut after = None;
    loop {
        let page = accounts::list(&mut tx, &AccountFilter::default(), after, 200).await?;
        accounts.extend(page.items);
        match page.next_cursor {
            Some(cursor) => after = Some(cursor.parse()?),
            None => break,
        }
    }
    if json {
        println!("{}", serde_json::to_string_pretty(&accounts)?);
    } else {
        let rows: Vec<Vec<String>> = accounts
            .iter()
            .map(|account| {
                vec![
                    account.email.clone().unwrap_or_default(),
                    account.role.to_string(),
                    account.name.clone(),
                    if account.is_active { "" } else { "inactive" }.to_owned(),
                    table::moment(account.last_login_at),
                ]
            })
            .collect();
        table::print(&["address", "role", "name", "", "last sign-in"], &rows);
    }
    drop(tx);
    database.close().await;
    place.close().await
}
