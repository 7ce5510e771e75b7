//! Access in an emergency ("break-glass"): for tech and radiologists, who do not see every record. Doctors do,
//! by their role, so it is not for them; they may be privacy officers, who review what others opened.

use db::{Actor, ActorTx};
use domain::{EmergencyAccessId, access::Permission};

use crate::{problem::Problem, signed::Signed, state::ApiState};

pub(crate) mod end;
pub(crate) mod list;
pub(crate) mod open;
pub(crate) mod record;
pub(crate) mod review;

impl Signed {
    /// A transaction that sees the record which an access opens, and that alone. Where the access is over or
    /// somebody else's it sees nothing.
    async fn begin_emergency(
        &self,
        access_id: EmergencyAccessId,
        state: &ApiState,
    ) -> Result<ActorTx, Problem> {
        self.may(Permission::OpenEmergencyAccess, state).await?;
        let actor = Actor::in_emergency(
            self.user_id,
            self.role,
            access_id,
            self.actor.origin.clone(),
        );
        Ok(state.database.begin(&actor).await?)
    }
}
