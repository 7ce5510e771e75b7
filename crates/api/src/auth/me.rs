//! `GET` and `PATCH /api/auth/me`.

use axum::{Json as Answer, extract::State};
use chrono::{DateTime, Utc};
use db::{
    Actor,
    accounts::{self, Profile, ProfileChange},
    audit::Act,
    second_factors::Factors,
};
use domain::{
    SessionId,
    audit::{AuditAction, EntityType},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::own_profile;
use crate::{
    body::{Checks, Json},
    codes::FieldCode,
    problem::{Problem, ProblemBody},
    signed::Signed,
    state::ApiState,
};

/// Who is signed in, and with which session.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Me {
    /// Who.
    user: Profile,
    /// The session of this request.
    session_id: SessionId,
    /// When it ends at the latest.
    expires_at: DateTime<Utc>,
    /// Whether the account has a second factor, which a proof then needs.
    second_factor: bool,
    /// Whether it has passkeys.
    has_passkeys: bool,
    /// Whether mail was shown to reach the owner of the account's address.
    email_verified: bool,
    /// Minutes without use after which it ends.
    session_idle_minutes: i64,
    /// Notifications not yet read.
    unread_notifications: i64,
}

/// Who am I
#[utoipa::path(get, operation_id = "me_read", path = "/api/auth/me", tag = "auth",
    responses((status = 200, body = Me), (status = 401, body = ProblemBody)))]
pub(crate) async fn read(
    State(state): State<ApiState>,
    signed: Signed,
) -> Result<Answer<Me>, Problem> {
    let user = own_profile(&state, signed.user_id, signed.actor.origin.clone()).await?;
    let (factors, email_verified) = how_secured(&state, &signed).await?;
    let mut tx = signed.begin(&state).await?;
    let unread_notifications = db::notifications::count_unread(&mut tx).await?;
    let session_idle_minutes =
        db::settings::get(&mut tx, domain::settings::SESSION_IDLE_MINUTES).await?;
    Ok(Answer(Me {
        user,
        session_id: signed.session_id,
        expires_at: signed.expires_at,
        second_factor: factors.any(),
        has_passkeys: factors.passkeys > 0,
        email_verified,
        session_idle_minutes,
        unread_notifications,
    }))
}

/// Which second factors the account has, and whether its address is verified.
async fn how_secured(state: &ApiState, signed: &Signed) -> Result<(Factors, bool), Problem> {
    let anonymous = Actor::anonymous(signed.actor.origin.clone());
    let mut tx = state.database.begin(&anonymous).await?;
    let factors = db::second_factors::factors(&mut tx, signed.user_id).await?;
    let verified = db::account_tokens::is_verified(&mut tx, signed.user_id).await?;
    Ok((factors, verified))
}

/// What of the own profile changes; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MeChange {
    /// Name as shown.
    name: Option<String>,
    /// Telephone number.
    phone: Option<String>,
    /// Theme, language, hotkeys, channels: an object of at most 16 KiB that the portal only keeps.
    #[schema(value_type = Option<Object>)]
    preferences: Option<Value>,
}

/// Change the own profile
#[utoipa::path(patch, operation_id = "me_change", path = "/api/auth/me", tag = "auth", request_body = MeChange,
    responses((status = 200, body = Profile), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
              (status = 422, body = ProblemBody)))]
pub(crate) async fn change(
    State(state): State<ApiState>,
    signed: Signed,
    Json(request): Json<MeChange>,
) -> Result<Answer<Profile>, Problem> {
    let mut checks = Checks::default();
    if let Some(name) = &request.name {
        checks.present("name", name, 200);
    }
    checks.at_most("phone", request.phone.as_deref(), 40);
    if let Some(preferences) = &request.preferences {
        checks.require(
            preferences.is_object(),
            "preferences",
            FieldCode::WrongType,
            "must be an object",
        );
        checks.require(
            preferences.to_string().len() <= 16_384,
            "preferences",
            FieldCode::TooLong,
            "at most 16 KiB",
        );
    }
    checks.done()?;
    let mut tx = signed.begin(&state).await?;
    let change = ProfileChange {
        name: request.name.as_deref().map(str::trim),
        phone: request.phone.as_deref(),
        preferences: request.preferences.as_ref(),
    };
    accounts::change_own(&mut tx, &change).await?;
    let changed: Vec<&str> = [
        ("name", request.name.is_some()),
        ("phone", request.phone.is_some()),
        ("preferences", request.preferences.is_some()),
    ]
    .iter()
    .filter_map(|(field, changed)| changed.then_some(*field))
    .collect();
    tx.audit(
        Act::new(AuditAction::UpdateProfile, EntityType::User)
            .on(signed.user_id)
            .new_values(json!({ "changed": changed })),
    )
    .await?;
    tx.commit().await?;
    Ok(Answer(
        own_profile(&state, signed.user_id, signed.actor.origin.clone()).await?,
    ))
}
