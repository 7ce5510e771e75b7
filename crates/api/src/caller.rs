//! Who asks a part of the portal that is there for programs as well: somebody who is signed in, or a program with a
//! token of its own. Both act as an account with a role and through its database role; a program only within its scopes.

use axum::{
    extract::FromRequestParts,
    http::{Method, request::Parts},
};
use chrono::Duration;
use db::{Actor, ActorTx, audit::Act, program_tokens};
use domain::{
    ProgramTokenId, Role, UserId,
    audit::{AuditAction, AuditStatus, EntityType},
    scope::{Scope, TOKEN_PREFIX},
};
use serde_json::{Value, json};

use crate::{
    problem::Problem,
    refusals::Asked,
    signed::{From, Signed},
    state::ApiState,
    tokens,
};

/// A new token for a program, and what of it is stored.
///
/// # Errors
/// When the system gives no randomness.
pub fn new_program_token() -> Result<(String, String), Problem> {
    let token = format!("{TOKEN_PREFIX}{}", tokens::new_token()?);
    let digest = tokens::digest(&token);
    Ok((token, digest))
}

/// What a program showed.
#[derive(Debug, Clone)]
struct Badge {
    token_id: ProgramTokenId,
    scopes: Vec<Scope>,
}

/// Somebody who is signed in, or a program.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Who, as the database's actor.
    pub actor: Actor,
    /// Whose account.
    pub user_id: UserId,
    /// As what.
    pub role: Role,
    program: Option<Badge>,
    method: Method,
    path: String,
}

impl FromRequestParts<ApiState> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let presented = tokens::presented(&parts.headers, state.options.secure_cookies)
            .ok_or(Problem::Unauthenticated)?;
        let token = presented.token();
        if !token.starts_with(TOKEN_PREFIX) {
            let signed = <Signed as FromRequestParts<ApiState>>::from_request_parts(parts, state);
            return signed.await.map(|signed| Self::person(signed, parts));
        }
        let digest = tokens::digest(token);
        let Ok(From(origin)) = From::from_request_parts(parts, state).await;
        let mut tx = state
            .database
            .begin(&Actor::anonymous(origin.clone()))
            .await?;
        let program = program_tokens::find(&mut tx, &digest)
            .await?
            .ok_or(Problem::Unauthenticated)?;
        // Noted once a minute, as sessions are.
        if program
            .last_used_at
            .is_none_or(|last| tx.now() - last > Duration::minutes(1))
        {
            program_tokens::touch(&mut tx, &digest).await?;
            tx.commit().await?;
        }
        let actor = Actor::user(program.user_id, program.role, origin);
        if let Some(asked) = parts.extensions.get::<Asked>() {
            asked.by(&actor);
        }
        Ok(Self {
            actor,
            user_id: program.user_id,
            role: program.role,
            program: Some(Badge {
                token_id: program.token_id,
                scopes: program.scopes,
            }),
            method: parts.method.clone(),
            path: parts.uri.path().to_owned(),
        })
    }
}

impl Caller {
    fn person(signed: Signed, parts: &Parts) -> Self {
        Self {
            actor: signed.actor,
            user_id: signed.user_id,
            role: signed.role,
            program: None,
            method: parts.method.clone(),
            path: parts.uri.path().to_owned(),
        }
    }

    /// Whether it is a program: nobody who could be asked stands behind it.
    #[must_use]
    pub const fn is_program(&self) -> bool {
        self.program.is_some()
    }

    /// What an audit row says beside what was done: which token it was done with.
    #[must_use]
    pub fn noting(&self, mut values: Value) -> Value {
        if let (Some(badge), Some(values)) = (&self.program, values.as_object_mut()) {
            values.insert("token_id".to_owned(), json!(badge.token_id));
        }
        values
    }

    /// A transaction in this account's name, for what the scope opens; refused, and the refusal audited, where the
    /// token has not the scope or the role not the permission.
    ///
    /// # Errors
    /// [`Problem::Forbidden`], or when the database does not answer.
    pub async fn begin_as(&self, scope: Scope, state: &ApiState) -> Result<ActorTx, Problem> {
        self.require(scope, state).await?;
        Ok(state.database.begin(&self.actor).await?)
    }

    /// Refuses, and has the refusal audited, where the token has not the scope or the role not the permission.
    ///
    /// # Errors
    /// [`Problem::Forbidden`], or when the database does not answer.
    pub async fn require(&self, scope: Scope, state: &ApiState) -> Result<(), Problem> {
        if let Some(badge) = &self.program
            && !badge.scopes.iter().any(|held| held.covers(scope))
        {
            let detail = format!("this token has not the scope {scope}: use one that has it");
            return Err(self.refuse(state, detail).await?);
        }
        if !scope.is_of_use_to(self.role) {
            let roles: Vec<&str> = scope.roles().into_iter().map(Role::as_str).collect();
            let detail = format!(
                "this needs the role {}; this account is {}",
                roles.join(" or "),
                self.role
            );
            return Err(self.refuse(state, detail).await?);
        }
        Ok(())
    }

    async fn refuse(&self, state: &ApiState, detail: String) -> Result<Problem, Problem> {
        let mut tx = state.database.begin(&self.actor).await?;
        let asked = json!({ "method": self.method.as_str(), "path": self.path });
        let act = Act::new(AuditAction::Refuse, EntityType::Path)
            .new_values(self.noting(asked))
            .ended(AuditStatus::Denied, detail.clone());
        tx.audit(act).await?;
        tx.commit().await?;
        Ok(Problem::Forbidden(detail))
    }
}
