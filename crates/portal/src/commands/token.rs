//! `medical-portal token create|list|revoke`.

use anyhow::{Context, Result, bail};
use chrono::{DateTime, Duration, Utc};
use db::{
    Actor, ActorTx, accounts,
    audit::Act,
    program_tokens::{self, NewProgramToken},
};
use domain::{
    EmailAddress, ProgramTokenId, Role, UserId,
    audit::{AuditAction, EntityType},
    scope::{SERVICE_DOMAIN, Scope},
};
use serde_json::json;

use super::table;
use crate::{
    cli::{PlaceArgs, TokenCommand},
    place::Place,
};

/// Runs the command.
pub(super) async fn run(command: TokenCommand) -> Result<()> {
    match command {
        TokenCommand::Create {
            place,
            name,
            scopes,
            role,
            account,
            days,
        } => {
            let wanted = Wanted {
                name: name.trim(),
                scopes: &scopes,
                role,
                account: account.as_ref(),
                days,
            };
            create(&place, &wanted).await
        }
        TokenCommand::List { place, json } => list(&place, json).await,
        TokenCommand::Revoke { place, token } => revoke(&place, token).await,
    }
}

struct Wanted<'a> {
    name: &'a str,
    scopes: &'a [Scope],
    role: Option<Role>,
    account: Option<&'a EmailAddress>,
    days: u16,
}

async fn create(args: &PlaceArgs, wanted: &Wanted<'_>) -> Result<()> {
    if wanted.name.is_empty() || wanted.name.chars().count() > 100 {
        bail!("--name must have 1 to 100 characters");
    }
    let place = Place::open(args, None).await?;
    let database = place.database().await?;
    let mut tx = database.begin(&Actor::command_line()).await?;
    let (user_id, role, address) = service_account(&mut tx, wanted).await?;
    if let Some(scope) = wanted.scopes.iter().find(|scope| !scope.is_of_use_to(role)) {
        let roles: Vec<&str> = scope
            .roles()
            .into_iter()
            .filter(|role| *role != Role::Patient)
            .map(Role::as_str)
            .collect();
        bail!(
            "{scope} is nothing that the role {role} may do; it needs {}",
            roles.join(" or ")
        );
    }
    let mut scopes = wanted.scopes.to_vec();
    scopes.sort_unstable();
    scopes.dedup();
    let (token, digest) = api::new_program_token()
        .map_err(|_| anyhow::anyhow!("the system gives no randomness for a token"))?;
    let token_id = ProgramTokenId::new_at(tx.now());
    let expires_at = tx.now() + Duration::days(i64::from(wanted.days));
    let new = NewProgramToken {
        token_id,
        user_id,
        name: wanted.name,
        token_sha256: &digest,
        scopes: &scopes,
        expires_at,
    };
    program_tokens::create(&mut tx, &new).await?;
    tx.audit(
        Act::new(AuditAction::CreateToken, EntityType::Token)
            .on(token_id)
            .new_values(json!({ "user_id": user_id, "scopes": scopes, "expires_at": expires_at })),
    )
    .await?;
    tx.commit().await?;
    let words: Vec<String> = scopes.iter().map(ToString::to_string).collect();
    eprintln!(
        "Token {token_id} for {} until {}, as {address} ({role}). It is shown this once; \
         programs send it as 'Authorization: Bearer …':",
        words.join(" and "),
        expires_at.format("%Y-%m-%d")
    );
    println!("{token}");
    database.close().await;
    place.close().await
}

/// The service account that a token is to stand for: the one named, or a new one.
async fn service_account(
    tx: &mut ActorTx,
    wanted: &Wanted<'_>,
) -> Result<(UserId, Role, EmailAddress)> {
    if let Some(address) = wanted.account {
        if !address.as_str().ends_with(SERVICE_DOMAIN) {
            bail!(
                "{address} is a person's account, and a token for it would open all that the person may do: \
                 leave --account out and name a --role for a service account"
            );
        }
        let account = accounts::find_by_email(tx, address)
            .await?
            .with_context(|| format!("there is no service account {address}"))?;
        return Ok((account.id, account.role, address.clone()));
    }
    let role = wanted.role.context("name a --role or an --account")?;
    if role == Role::Patient {
        bail!("a program acts as radiologist, doctor or tech, not as {role}");
    }
    let (id, address) = accounts::create_service(tx, role, wanted.name).await?;
    tx.audit(
        Act::new(AuditAction::CreateUser, EntityType::User)
            .on(id)
            .new_values(json!({ "role": role, "service_account": true })),
    )
    .await?;
    Ok((id, role, address))
}

async fn list(args: &PlaceArgs, json: bool) -> Result<()> {
    let place = Place::open_existing(args).await?;
    let database = place.database().await?;
    let mut tx = database.begin(&Actor::command_line()).await?;
    let tokens = program_tokens::list(&mut tx).await?;
    tx.audit(Act::new(AuditAction::ListTokens, EntityType::Token))
        .await?;
    let now = tx.now();
    tx.commit().await?;
    if json {
        println!("{}", serde_json::to_string_pretty(&tokens)?);
    } else {
        let day = |at: DateTime<Utc>| at.format("%Y-%m-%d").to_string();
        let rows: Vec<Vec<String>> = tokens
            .into_iter()
            .map(|token| {
                let state = match token.revoked_at {
                    Some(at) => format!("revoked {}", day(at)),
                    None if token.expires_at <= now => format!("ended {}", day(token.expires_at)),
                    None => format!("until {}", day(token.expires_at)),
                };
                vec![
                    token.token_id.to_string(),
                    token.name,
                    token.role.to_string(),
                    token.scopes.join(" "),
                    state,
                    token.last_used_at.map_or_else(|| "never".to_owned(), day),
                    token.account,
                ]
            })
            .collect();
        let headings = [
            "token",
            "name",
            "role",
            "opens",
            "holds",
            "last used",
            "account",
        ];
        table::print(&headings, &rows);
    }
    database.close().await;
    place.close().await
}

async fn revoke(args: &PlaceArgs, token_id: ProgramTokenId) -> Result<()> {
    let place = Place::open_existing(args).await?;
    let database = place.database().await?;
    let mut tx = database.begin(&Actor::command_line()).await?;
    if !program_tokens::revoke(&mut tx, token_id).await? {
        bail!("there is no token {token_id} that holds: see medical-portal token list");
    }
    tx.audit(Act::new(AuditAction::RevokeToken, EntityType::Token).on(token_id))
        .await?;
    tx.commit().await?;
    println!("The token {token_id} opens nothing any more.");
    database.close().await;
    place.close().await
}
