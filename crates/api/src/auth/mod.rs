//! Signing up, in and out, with a second factor or without; the own profile, password and sessions.

pub(crate) mod address;
mod codes;
pub(crate) mod enter;
pub(crate) mod invitation;
pub(crate) mod login;
pub(crate) mod login_second;
pub(crate) mod logout;
pub(crate) mod me;
pub(crate) mod passkeys;
pub(crate) mod password;
pub(crate) mod reset;
pub(crate) mod second_factor;
pub(crate) mod sessions;
pub(crate) mod signup;
pub(crate) mod single_sign_on;
pub(crate) mod step_up;
pub(crate) mod tell;
mod totp;

use db::{Actor, Origin, accounts::Profile};
use domain::UserId;

use crate::{problem::Problem, state::ApiState};

/// Reads a profile: as `portal_anonymous`, which alone may see every column of the account that it is asked for.
/// For the owner, and for letters to the owner.
pub(crate) async fn own_profile(
    state: &ApiState,
    user_id: UserId,
    origin: Origin,
) -> Result<Profile, Problem> {
    let mut tx = state.database.begin(&Actor::anonymous(origin)).await?;
    db::accounts::profile(&mut tx, user_id)
        .await?
        .ok_or(Problem::Unauthenticated)
}
