//! Who is asking. [`Signed`] stands in front of every handler that needs somebody signed in, and
//! [`Signed::may`] in front of every act that needs a permission; a refusal is audited.

use axum::{
    extract::{FromRequestParts, OptionalFromRequestParts},
    http::{Method, header, request::Parts},
};
use chrono::{DateTime, Duration, Utc};
use db::{Actor, ActorTx, Origin, audit::Act};
use domain::{
    Role, SessionId, UserId,
    access::Permission,
    audit::{AuditAction, AuditStatus, EntityType},
    settings,
};
use serde_json::json;

use crate::{
    auth::enter,
    client_address,
    problem::Problem,
    refusals::Asked,
    state::ApiState,
    tokens::{self, Presented},
};

/// Where a request comes from.
#[derive(Debug, Clone)]
pub(crate) struct From(pub Origin);

impl FromRequestParts<ApiState> for From {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &ApiState) -> Result<Self, Self::Rejection> {
        Ok(Self(origin_of(parts)))
    }
}

fn origin_of(parts: &Parts) -> Origin {
    let address = client_address::of(parts);
    let user_agent = parts
        .headers
        .get(header::USER_AGENT)
        .and_then(|value| value.to_str().ok())
        .map(|agent| agent.chars().take(300).collect());
    Origin {
        address,
        user_agent,
    }
}

/// Somebody who is signed in.
#[derive(Debug, Clone)]
pub(crate) struct Signed {
    /// Who, as the database's actor.
    pub actor: Actor,
    /// Who.
    pub user_id: UserId,
    /// As what.
    pub role: Role,
    /// With which session.
    pub session_id: SessionId,
    /// When the session ends at the latest.
    pub expires_at: DateTime<Utc>,
    method: Method,
    path: String,
}

impl FromRequestParts<ApiState> for Signed {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let secure = state.options.secure_cookies;
        let presented =
            tokens::presented(&parts.headers, secure).ok_or(Problem::Unauthenticated)?;
        let (token, from_elsewhere) = match presented {
            Presented::Bearer(token) => (token, false),
            Presented::Cookie(token) => (
                token,
                !parts.method.is_safe() && !tokens::same_origin(&parts.headers),
            ),
        };
        let origin = origin_of(parts);
        let mut tx = state
            .database
            .begin(&Actor::anonymous(origin.clone()))
            .await?;
        let idle: i32 = db::settings::get(&mut tx, settings::SESSION_IDLE_MINUTES).await?;
        let bearer = db::sessions::find(&mut tx, &tokens::digest(&token), idle)
            .await?
            .ok_or(Problem::Unauthenticated)?;
        if !bearer.second_factor && enter::is_required(&mut tx, bearer.role).await? {
            return Err(Problem::Unauthenticated);
        }
        // Noted once a minute, not once a request: a write a request would double its cost.
        if tx.now() - bearer.last_activity > Duration::minutes(1) {
            db::sessions::touch(&mut tx, &bearer).await?;
            tx.commit().await?;
        }
        let signed = Self {
            actor: Actor::user(bearer.user_id, bearer.role, origin),
            user_id: bearer.user_id,
            role: bearer.role,
            session_id: bearer.session_id,
            expires_at: bearer.expires_at,
            method: parts.method.clone(),
            path: parts.uri.path().to_owned(),
        };
        if let Some(asked) = parts.extensions.get::<Asked>() {
            asked.by(&signed.actor);
        }
        if from_elsewhere {
            let detail = "this request does not come from a page of the portal: send it from there, or with a bearer token";
            return Err(signed.refuse(state, detail.to_owned()).await?);
        }
        Ok(signed)
    }
}

impl OptionalFromRequestParts<ApiState> for Signed {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &ApiState,
    ) -> Result<Option<Self>, Problem> {
        match <Self as FromRequestParts<ApiState>>::from_request_parts(parts, state).await {
            Ok(signed) => Ok(Some(signed)),
            Err(Problem::Unauthenticated) => Ok(None),
            Err(other) => Err(other),
        }
    }
}

impl Signed {
    /// Refuses, and audits the refusal, unless the role holds this permission.
    pub(crate) async fn may(
        &self,
        permission: Permission,
        state: &ApiState,
    ) -> Result<(), Problem> {
        if permission.allows(self.role) {
            return Ok(());
        }
        let allowed: Vec<&str> = permission
            .roles()
            .iter()
            .map(|role| role.as_str())
            .collect();
        let detail = format!(
            "this needs the role {}; you are signed in as {}",
            allowed.join(" or "),
            self.role
        );
        Err(self.refuse(state, detail).await?)
    }

    /// Audits a refusal and makes it a problem.
    pub(crate) async fn refuse(
        &self,
        state: &ApiState,
        detail: String,
    ) -> Result<Problem, Problem> {
        let mut tx = self.begin(state).await?;
        let act = Act::new(AuditAction::Refuse, EntityType::Path)
            .new_values(json!({ "method": self.method.as_str(), "path": self.path }))
            .ended(AuditStatus::Denied, detail.clone());
        tx.audit(act).await?;
        tx.commit().await?;
        Ok(Problem::Forbidden(detail))
    }

    /// A transaction in this user's name, for an act that the role may do.
    pub(crate) async fn begin_as(
        &self,
        permission: Permission,
        state: &ApiState,
    ) -> Result<ActorTx, Problem> {
        self.may(permission, state).await?;
        self.begin(state).await
    }

    /// A transaction in this user's name.
    pub(crate) async fn begin(&self, state: &ApiState) -> Result<ActorTx, Problem> {
        Ok(state.database.begin(&self.actor).await?)
    }
}
