//! Models: the registry and its figures, what each is there for, promotions, alarms, recalibration,
//! training sets, the report.

pub(crate) mod alarms;
pub(crate) mod comparison;
pub(crate) mod list;
pub(crate) mod promotions;
pub(crate) mod recalibration;
pub(crate) mod report;
pub(crate) mod stage;
pub(crate) mod standings;
pub(crate) mod training_set;

use db::{
    ActorTx,
    models::{self, Model},
};
use domain::ModelId;
use governance::LifecycleError;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{codes::FieldCode, problem::Problem};

/// The model, or that there is none.
async fn find(tx: &mut ActorTx, model_id: ModelId) -> Result<Model, Problem> {
    models::find(tx, model_id)
        .await?
        .ok_or(Problem::NotFound("model"))
}

/// Why something is done to a model; it stays with the change.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReasonRequest {
    /// 1 to 2000 characters.
    #[schema(min_length = 1, max_length = 2000)]
    reason: String,
}

impl From<LifecycleError> for Problem {
    fn from(error: LifecycleError) -> Self {
        let detail = error.to_string();
        match error {
            LifecycleError::NotFound(what) => Self::NotFound(what),
            LifecycleError::Reason => Self::field("reason", FieldCode::Required, detail),
            LifecycleError::ByPromotion => Self::field("event", FieldCode::UnknownWord, detail),
            LifecycleError::Refused(_) => Self::Conflict {
                code: "wrong_stage",
                detail,
            },
            LifecycleError::AnotherOpen => Self::Conflict {
                code: "promotion_open",
                detail,
            },
            LifecycleError::Decided => Self::Conflict {
                code: "promotion_decided",
                detail,
            },
            LifecycleError::SamePerson | LifecycleError::NotYours => Self::Conflict {
                code: "second_person",
                detail,
            },
            LifecycleError::Stale => Self::Conflict {
                code: "promotion_stale",
                detail,
            },
            LifecycleError::NothingBefore | LifecycleError::NoneActive => Self::Conflict {
                code: "nothing_to_go_back_to",
                detail,
            },
            LifecycleError::Db(error) => error.into(),
        }
    }
}
