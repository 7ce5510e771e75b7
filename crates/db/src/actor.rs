//! Who acts, and the transaction that acts for them.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use domain::{EmergencyAccessId, Role, UserId};
use sqlx::{PgConnection, Postgres, Transaction};

use crate::{Database, DbError, error::During};

/// Who acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActorKind {
    /// Nobody is signed in yet.
    Anonymous,
    /// A signed-in user.
    User {
        /// Who.
        id: UserId,
        /// As what.
        role: Role,
    },
    /// A signed-in user who reads one record under an access in an emergency.
    Emergency {
        /// Who.
        id: UserId,
        /// As what.
        role: Role,
        /// Under which access.
        access: EmergencyAccessId,
    },
    /// The machinery: jobs, releases, retention.
    Worker,
    /// Somebody at the machine's command line: has tech's rights, and no account.
    CommandLine,
    /// The portal itself, which makes and changes accounts as a provider of single sign-on says: has tech's rights, and
    /// no account.
    SingleSignOn,
}

/// Where a request came from, for the audit trail.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// The peer's address.
    pub address: Option<IpAddr>,
    /// What the peer calls itself.
    pub user_agent: Option<String>,
}

/// Who acts, and from where.
#[derive(Debug, Clone)]
pub struct Actor {
    /// Who.
    pub kind: ActorKind,
    /// From where.
    pub origin: Origin,
}

impl Actor {
    /// The machinery.
    #[must_use]
    pub fn worker() -> Self {
        Self {
            kind: ActorKind::Worker,
            origin: Origin::default(),
        }
    }

    /// Nobody yet.
    #[must_use]
    pub const fn anonymous(origin: Origin) -> Self {
        Self {
            kind: ActorKind::Anonymous,
            origin,
        }
    }

    /// A signed-in user.
    #[must_use]
    pub const fn user(id: UserId, role: Role, origin: Origin) -> Self {
        Self {
            kind: ActorKind::User { id, role },
            origin,
        }
    }

    /// A signed-in user under an access in an emergency.
    #[must_use]
    pub const fn in_emergency(
        id: UserId,
        role: Role,
        access: EmergencyAccessId,
        origin: Origin,
    ) -> Self {
        Self {
            kind: ActorKind::Emergency { id, role, access },
            origin,
        }
    }

    /// The portal, for whoever comes from a provider of single sign-on.
    #[must_use]
    pub const fn single_sign_on(origin: Origin) -> Self {
        Self {
            kind: ActorKind::SingleSignOn,
            origin,
        }
    }

    /// Somebody at the command line.
    #[must_use]
    pub fn command_line() -> Self {
        let origin = Origin {
            address: None,
            user_agent: Some("medical-portal command line".to_owned()),
        };
        Self {
            kind: ActorKind::CommandLine,
            origin,
        }
    }

    pub(crate) const fn database_role(&self) -> &'static str {
        match self.kind {
            ActorKind::Anonymous => "portal_anonymous",
            ActorKind::Emergency { .. } => "portal_emergency",
            ActorKind::Worker => "portal_worker",
            ActorKind::CommandLine | ActorKind::SingleSignOn => Role::Tech.database_role(),
            ActorKind::User { role, .. } => role.database_role(),
        }
    }

    /// The user, if one is signed in.
    #[must_use]
    pub const fn user_id(&self) -> Option<UserId> {
        match self.kind {
            ActorKind::User { id, .. } | ActorKind::Emergency { id, .. } => Some(id),
            _ => None,
        }
    }

    /// The word for `audit_logs.user_role`.
    pub(crate) const fn audit_role(&self) -> &'static str {
        match self.kind {
            ActorKind::Anonymous => "anonymous",
            ActorKind::Worker => "worker",
            ActorKind::CommandLine => "command_line",
            ActorKind::SingleSignOn => "single_sign_on",
            ActorKind::User { role, .. } | ActorKind::Emergency { role, .. } => role.as_str(),
        }
    }
}

/// What somebody who is not signed in may show to have an account looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Owned {
    /// An address.
    Address,
    /// The digest of a sign-in that waits for its second factor.
    Challenge,
    /// The digest of a code that was mailed or handed over.
    Code,
    /// The digest of a patient's invitation.
    Invitation,
    /// An authenticator's name for a passkey, in hexadecimal.
    Passkey,
}

impl Owned {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Challenge => "challenge",
            Self::Code => "code",
            Self::Invitation => "invitation",
            Self::Passkey => "passkey",
        }
    }
}

/// A transaction that runs as its actor's database role. Dropped without [`ActorTx::commit`] it
/// leaves nothing behind.
#[must_use]
#[derive(Debug)]
pub struct ActorTx {
    transaction: Transaction<'static, Postgres>,
    actor: Actor,
    now: DateTime<Utc>,
    /// The account that this transaction is about while nobody is signed in.
    about: Option<UserId>,
    planning: Planning,
}

/// How PostgreSQL plans what a transaction asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Planning {
    /// As it finds best after some calls.
    Usual,
    /// Each time, with the values at hand: which index serves a list depends on which of its filters are set.
    WithValues,
    /// Once for whatever values, in each connection: for what asks the same of every value.
    Kept,
}

impl Planning {
    const fn plan_cache_mode(self) -> &'static str {
        match self {
            Self::Usual => "auto",
            Self::WithValues => "force_custom_plan",
            Self::Kept => "force_generic_plan",
        }
    }
}

impl Database {
    /// Opens a transaction for an actor.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn begin(&self, actor: &Actor) -> Result<ActorTx, DbError> {
        self.begin_planning(actor, Planning::Usual).await
    }

    /// Opens a transaction for an actor who searches: what it asks is planned as said, without another trip to say so.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn begin_planning(
        &self,
        actor: &Actor,
        planning: Planning,
    ) -> Result<ActorTx, DbError> {
        let now = self.clock().now();
        let transaction = self
            .open(&opening(actor, now, planning))
            .await
            .during("open a transaction in the actor's role")?;
        Ok(ActorTx {
            transaction,
            actor: actor.clone(),
            now,
            about: None,
            planning,
        })
    }
}

/// What opens a transaction in an actor's role: one text, so that it costs one trip. What stands in it is a role's name,
/// UUIDs and a time of ours, none of which can hold a quote.
///
/// It ends first what the connection may bring along: sqlx 0.9.0 gives one back with its transaction open when `begin` is
/// cancelled (launchbadge/sqlx#4393), and the next borrower would see another user's rows. With a BEGIN before the
/// ROLLBACK, because a bare one outside a transaction fills the server's log with warnings.
fn opening(actor: &Actor, now: DateTime<Utc>, planning: Planning) -> String {
    let id = actor.user_id().map(|id| id.to_string()).unwrap_or_default();
    let role = actor.database_role();
    let present = now.to_rfc3339();
    let access = match actor.kind {
        ActorKind::Emergency { access, .. } => {
            format!(", set_config('portal.emergency_access', '{access}', true)")
        }
        _ => String::new(),
    };
    let plans = match planning {
        Planning::Usual => String::new(),
        planning => format!(
            ", set_config('plan_cache_mode', '{}', true)",
            planning.plan_cache_mode()
        ),
    };
    format!(
        "BEGIN; ROLLBACK; BEGIN; SELECT set_config('role', '{role}', true), set_config('portal.actor_id', '{id}', true), \
         set_config('portal.present', '{present}', true){access}{plans}"
    )
}

impl ActorTx {
    /// Makes everything done here durable and visible.
    ///
    /// # Errors
    /// When the database cannot confirm it; then nothing may be acknowledged.
    pub async fn commit(self) -> Result<(), DbError> {
        self.transaction.commit().await.during("commit")
    }

    /// The moment this transaction began, by the portal's clock.
    #[must_use]
    pub const fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// Who acts.
    #[must_use]
    pub const fn actor(&self) -> &Actor {
        &self.actor
    }

    /// While nobody is signed in: makes an account, with its sessions and codes, the one that the database
    /// shows. Whoever is signed in sees by role, and this changes nothing.
    pub(crate) async fn about(&mut self, account: UserId) -> Result<(), DbError> {
        if self.actor.kind != ActorKind::Anonymous || self.about == Some(account) {
            return Ok(());
        }
        sqlx::query!(
            "SELECT set_config('portal.sought_account', $1, true)",
            account.to_string()
        )
        .fetch_one(self.connection())
        .await
        .during("say which account this is about")?;
        self.about = Some(account);
        Ok(())
    }

    /// The same for the account that something belongs to: an address, or the digest of what its owner holds.
    /// Unknown things are nobody's, and the database goes on showing nothing.
    pub(crate) async fn about_owner_of(&mut self, kind: Owned, given: &str) -> Result<(), DbError> {
        if self.actor.kind != ActorKind::Anonymous {
            return Ok(());
        }
        let owner = sqlx::query_scalar!(
            r#"SELECT portal.account_of($1, $2) AS "owner: UserId""#,
            kind.as_str(),
            given
        )
        .fetch_one(self.connection())
        .await
        .during("look for whose this is")?;
        match owner {
            Some(owner) => self.about(owner).await,
            None => Ok(()),
        }
    }

    /// Has what follows planned with the values at hand: which index serves a list depends on which
    /// of its filters are set, and PostgreSQL would settle on one plan for all after five calls.
    pub(crate) async fn plan_with_values(&mut self) -> Result<(), DbError> {
        self.plan(Planning::WithValues).await
    }

    /// Has what follows planned as said.
    pub(crate) async fn plan(&mut self, planning: Planning) -> Result<(), DbError> {
        if self.planning == planning {
            return Ok(());
        }
        sqlx::query!(
            "SELECT set_config('plan_cache_mode', $1, true)",
            planning.plan_cache_mode()
        )
        .fetch_one(self.connection())
        .await
        .during("set how what follows is planned")?;
        self.planning = planning;
        Ok(())
    }

    pub(crate) fn connection(&mut self) -> &mut PgConnection {
        &mut self.transaction
    }
}

#[cfg(test)]
mod tests;
