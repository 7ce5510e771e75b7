//! The rights of patients: their record taken away, corrections, consents. What staff does on their behalf is for
//! privacy officers.

use db::{ActorTx, emergency};
use domain::access::Permission;

use crate::{problem::Problem, signed::Signed, state::ApiState};

pub(crate) mod consents;
pub(crate) mod corrections;
pub(crate) mod decide;
pub(crate) mod erasures;
pub(crate) mod export;
pub(crate) mod facts;
pub(crate) mod find;
pub(crate) mod holds;

impl Signed {
    /// A transaction of a privacy officer; anybody else is refused, and that is audited.
    pub(crate) async fn begin_as_officer(&self, state: &ApiState) -> Result<ActorTx, Problem> {
        let mut tx = self.begin_as(Permission::KeepPrivacy, state).await?;
        if emergency::is_officer(&mut tx).await? {
            return Ok(tx);
        }
        drop(tx);
        let detail = "this is for privacy officers: the setting privacy.officers names them";
        Err(self.refuse(state, detail.to_owned()).await?)
    }
}
