//! Whose account somebody of the provider has here. A link between the two is made once: with a new account, or with
//! one that has the same address, if the provider has verified that and the setting allows it.

use db::{
    Actor, ActorTx, Origin,
    accounts::{self, Account, AccountChange, NewAccount},
    audit::Act,
    single_sign_on,
};
use domain::{
    EmailAddress, Role, UserId,
    audit::{AuditAction, EntityType},
    single_sign_on::SingleSignOn,
};
use oidc::Claims;
use serde_json::json;

use super::provider;
use crate::{
    auth::tell::{Change, Letter, tell},
    problem::{Problem, SignOnFault},
    state::ApiState,
};

/// The account, with the role that the provider's words make. `user_id` is who it is as soon as that is known.
pub(super) async fn of(
    state: &ApiState,
    origin: &Origin,
    claims: &Claims,
    policy: &SingleSignOn,
    user_id: &mut Option<UserId>,
) -> Result<(UserId, Role), Problem> {
    let issuer = provider(state)?.issuer();
    let mut tx = state
        .database
        .begin(&Actor::single_sign_on(origin.clone()))
        .await?;
    let linked = single_sign_on::linked(&mut tx, issuer, claims.subject()).await?;
    *user_id = linked;
    let role = policy
        .role_of(&claims.words(&policy.claim))
        .ok_or_else(|| {
            SignOnFault::NoRole.with(format!("no role for what {} says", policy.claim))
        })?;
    let mut letter = None;
    let account = match linked {
        Some(id) => accounts::find(&mut tx, id).await?,
        None => {
            let (account, is_old) = first_time(&mut tx, claims, policy, role).await?;
            *user_id = is_old.then_some(account.id);
            single_sign_on::link(&mut tx, issuer, claims.subject(), account.id).await?;
            letter = account.email.clone().filter(|_| is_old);
            Some(account)
        }
    };
    let account = account.ok_or_else(|| SignOnFault::Inactive.with("the account is gone"))?;
    if !account.is_active {
        return Err(SignOnFault::Inactive.with("the account is out of use"));
    }
    if account.role != role {
        change_role(&mut tx, &account, role).await?;
    }
    tx.commit().await?;
    if let Some(address) = letter {
        tell(state, address, Letter::Changed(Change::SingleSignOn));
    }
    Ok((account.id, role))
}

/// A new account, or the one that has the address already. Says whether it was there.
async fn first_time(
    tx: &mut ActorTx,
    claims: &Claims,
    policy: &SingleSignOn,
    role: Role,
) -> Result<(Account, bool), Problem> {
    let email = claims
        .email()
        .and_then(|text| EmailAddress::try_from(text.to_owned()).ok())
        .ok_or_else(|| SignOnFault::NoAddress.with("no e-mail address is said"))?;
    if let Some(account) = accounts::find_by_email(tx, &email).await? {
        if !policy.link_verified_email || !claims.email_is_verified() {
            return Err(SignOnFault::AccountExists.with("an account has the address"));
        }
        note(tx, &account, "linked").await?;
        return Ok((account, true));
    }
    let id = UserId::new_at(tx.now());
    let name: String = match claims.name() {
        Some(name) => name.chars().take(200).collect(),
        None => email.to_string(),
    };
    let account = NewAccount {
        id,
        email: &email,
        password_hash: None,
        role,
        name: &name,
        phone: None,
        date_of_birth: None,
    };
    accounts::create(tx, &account).await?;
    let act = Act::new(AuditAction::CreateUser, EntityType::User)
        .on(id)
        .new_values(json!({ "role": role, "by": "single_sign_on" }));
    tx.audit(act).await?;
    let account = accounts::find(tx, id)
        .await?
        .ok_or(Problem::NotFound("account"))?;
    Ok((account, false))
}

/// Gives an account the role that the provider's words make by now, and ends its sessions.
async fn change_role(tx: &mut ActorTx, account: &Account, role: Role) -> Result<(), Problem> {
    if role.is_staff() != account.role.is_staff() {
        return Err(SignOnFault::PatientOrStaff.with("a patient's account is not staff's"));
    }
    if account.role == Role::Tech && accounts::count_active_tech(tx).await? <= 1 {
        return Err(SignOnFault::LastTech.with("the last account of tech"));
    }
    let change = AccountChange {
        role: Some(role),
        ..AccountChange::default()
    };
    accounts::change(tx, account.id, &change).await?;
    let ended = db::sessions::end_all(tx, account.id, None).await?;
    let act = Act::new(AuditAction::UpdateUser, EntityType::User)
        .on(account.id)
        .old(json!({ "role": account.role }))
        .new_values(json!({ "role": role, "by": "single_sign_on", "sessions_ended": ended }));
    Ok(tx.audit(act).await?)
}

async fn note(tx: &mut ActorTx, account: &Account, event: &str) -> Result<(), Problem> {
    let act = Act::new(AuditAction::UpdateUser, EntityType::User)
        .on(account.id)
        .new_values(json!({ "single_sign_on": event }));
    Ok(tx.audit(act).await?)
}
