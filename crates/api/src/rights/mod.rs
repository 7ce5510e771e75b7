//! The rights of patients: their record taken away, corrections, consents. What staff does on their behalf is for
//! privacy officers.

use db::{ActorTx, emergency, personal_data};
use domain::{StepUp, UserId, access::Permission};

use crate::{body::Checks, problem::Problem, signed::Signed, state::ApiState};

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

    /// The same, to hold or erase a patient's record for a reason, after a fresh proof of who asks.
    async fn begin_on_record(
        &self,
        state: &ApiState,
        patient_id: UserId,
        reason: &str,
    ) -> Result<ActorTx, Problem> {
        let mut tx = self.begin_as_officer(state).await?;
        let mut checks = Checks::default();
        checks.present("reason", reason, 2000);
        checks.done()?;
        if !personal_data::is_patient(&mut tx, patient_id).await? {
            return Err(Problem::NotFound("patient"));
        }
        self.stepped_up(StepUp::Privacy, state).await?;
        Ok(tx)
    }
}
