//! Access in an emergency ("break-glass"): for tech and radiologists, who do not see every record. Doctors do,
//! by their role, so it is not for them; they may be privacy officers, who review what others opened.

use db::{Actor, ActorTx, emergency::Called};
use domain::{EmergencyAccessId, UserId, access::Permission};

use crate::{body::Checks, codes::FieldCode, problem::Problem, signed::Signed, state::ApiState};

pub(crate) mod end;
pub(crate) mod list;
pub(crate) mod open;
pub(crate) mod record;
pub(crate) mod review;

/// The patient whom a request names by one of three ways; the other checks of the request are answered together with
/// that one.
pub(crate) fn called<'a>(
    mut checks: Checks,
    patient_id: Option<UserId>,
    identifier: Option<&'a str>,
    email: Option<&'a str>,
) -> Result<Called<'a>, Problem> {
    let called: Vec<Called<'_>> = [
        patient_id.map(Called::Id),
        identifier.map(str::trim).map(Called::Identifier),
        email.map(str::trim).map(Called::Email),
    ]
    .into_iter()
    .flatten()
    .collect();
    checks.require(
        called.len() == 1,
        "patient_id",
        FieldCode::Incomplete,
        "name the patient by one of patient_id, identifier and email",
    );
    checks.done()?;
    Ok(called[0])
}

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
