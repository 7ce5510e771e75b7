//! The operating system account that the server runs as.

use nix::unistd::{Uid, User};

use crate::error::PgEmbedError;

/// The account that distributions make for PostgreSQL.
const SERVER_ACCOUNT: &str = "postgres";

/// Under whom the cluster's files are kept and its programs run.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) name: String,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    /// The portal runs as root, so each program is started as this account instead.
    pub(crate) is_switched: bool,
}

impl Account {
    /// The portal's own account, except for root, which PostgreSQL refuses: then the owner of the existing cluster,
    /// or `postgres` for a new one. The account must be in the user database, as initdb and postgres look it up.
    pub(crate) fn resolve(cluster_owner: Option<u32>) -> Result<Self, PgEmbedError> {
        let own = Uid::effective();
        if !own.is_root() {
            let user = look_up(User::from_uid(own))
                .ok_or(PgEmbedError::NoPasswdEntry { uid: own.as_raw() })?;
            return Ok(Self::from_user(user, false));
        }
        let user = match cluster_owner.filter(|owner| *owner != 0) {
            Some(owner) => {
                look_up(User::from_uid(Uid::from_raw(owner))).ok_or_else(|| owner.to_string())
            }
            None => {
                look_up(User::from_name(SERVER_ACCOUNT)).ok_or_else(|| SERVER_ACCOUNT.to_owned())
            }
        };
        let user = user.map_err(|account| PgEmbedError::AccountMissing { account })?;
        Ok(Self::from_user(user, true))
    }

    fn from_user(user: User, is_switched: bool) -> Self {
        Self {
            name: user.name,
            uid: user.uid.as_raw(),
            gid: user.gid.as_raw(),
            is_switched,
        }
    }
}

/// A user database that cannot be read counts as one without the entry: PostgreSQL would not find it either.
fn look_up(answer: nix::Result<Option<User>>) -> Option<User> {
    answer.unwrap_or_else(|error| {
        tracing::warn!(%error, "the user database could not be read");
        None
    })
}
