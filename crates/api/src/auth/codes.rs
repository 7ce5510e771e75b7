//! Codes of a second factor: checked, used up, and counted when they are wrong.

use db::{Actor, ActorTx, Origin, audit::Act, second_factors, sign_in};
use domain::{
    UserId,
    audit::{AuditAction, AuditStatus, EntityType},
};

use super::{reset::refuse_while_locked, totp};
use crate::{problem::Problem, state::ApiState, tokens};

/// How many recovery codes an account gets.
const RECOVERY_CODES: usize = 10;

/// The name under which wrong codes of an account are counted; no address is of this form.
pub(super) fn counted_under(user_id: UserId) -> String {
    format!("second factor of {user_id}")
}

/// Uses a code up: one by time, or a recovery code. A wrong one is counted for the account, as wrong
/// passwords are for an address, and audited as a failure of `action`.
pub(super) async fn use_code(
    state: &ApiState,
    origin: &Origin,
    user_id: UserId,
    typed: &str,
    action: AuditAction,
) -> Result<(), Problem> {
    let anonymous = Actor::anonymous(origin.clone());
    let mut tx = state.database.begin(&anonymous).await?;
    refuse_while_locked(&mut tx, &counted_under(user_id)).await?;
    let right = match totp::digits(typed) {
        Some(digits) => use_totp(state, &mut tx, user_id, digits).await?,
        None => {
            second_factors::use_recovery_code(&mut tx, user_id, &tokens::code_digest(typed)).await?
        }
    };
    if right {
        sign_in::forget_failures(&mut tx, &counted_under(user_id)).await?;
        return Ok(tx.commit().await?);
    }
    drop(tx);
    Err(note_wrong(state, origin, user_id, action).await?)
}

async fn use_totp(
    state: &ApiState,
    tx: &mut ActorTx,
    user_id: UserId,
    digits: u32,
) -> Result<bool, Problem> {
    let Some(known) = second_factors::totp(tx, user_id)
        .await?
        .filter(|known| known.confirmed_at.is_some())
    else {
        return Ok(false);
    };
    match totp::matching_step(state, user_id, &known.secret, digits)? {
        Some(step) => Ok(second_factors::use_step(tx, user_id, step).await?),
        None => Ok(false),
    }
}

/// Puts a second factor that is being set up into force with its first code. Gives the recovery codes.
pub(super) async fn confirm(
    state: &ApiState,
    origin: &Origin,
    tx: &mut ActorTx,
    user_id: UserId,
    typed: &str,
) -> Result<Vec<String>, Problem> {
    refuse_while_locked(tx, &counted_under(user_id)).await?;
    let begun = second_factors::totp(tx, user_id)
        .await?
        .filter(|known| known.confirmed_at.is_none())
        .ok_or_else(|| Problem::Conflict {
            code: "second_factor_missing",
            detail: "no second factor is being set up: begin with that".to_owned(),
        })?;
    let step = match totp::digits(typed) {
        Some(digits) => totp::matching_step(state, user_id, &begun.secret, digits)?,
        None => None,
    };
    let Some(step) = step else {
        return Err(note_wrong(state, origin, user_id, AuditAction::ChangeSecondFactor).await?);
    };
    if !second_factors::confirm_totp(tx, user_id, step).await? {
        return Err(Problem::WrongCode);
    }
    sign_in::forget_failures(tx, &counted_under(user_id)).await?;
    new_recovery_codes(tx, user_id).await
}

/// New recovery codes, which are said this once.
pub(super) async fn new_recovery_codes(
    tx: &mut ActorTx,
    user_id: UserId,
) -> Result<Vec<String>, Problem> {
    let codes = (0..RECOVERY_CODES)
        .map(|_| tokens::new_code())
        .collect::<Result<Vec<_>, _>>()?;
    let digests: Vec<String> = codes.iter().map(|code| tokens::code_digest(code)).collect();
    second_factors::replace_recovery_codes(tx, user_id, &digests).await?;
    Ok(codes)
}

async fn note_wrong(
    state: &ApiState,
    origin: &Origin,
    user_id: UserId,
    action: AuditAction,
) -> Result<Problem, Problem> {
    let mut tx = state
        .database
        .begin(&Actor::anonymous(origin.clone()))
        .await?;
    sign_in::failed(&mut tx, &counted_under(user_id)).await?;
    let act = Act::new(action, EntityType::User).on(user_id).ended(
        AuditStatus::Failure,
        "wrong or used code of the second factor",
    );
    tx.audit_as(Some(user_id), act).await?;
    tx.commit().await?;
    Ok(Problem::WrongCode)
}
