//! The words and rules of the portal: roles and permissions, the report's life, risk, urgency,
//! the order of the queue. Nothing here reads a clock, a file or a database; every other room
//! depends on this one and this one on none.

pub mod access;
pub mod audit;
pub mod backup;
pub mod clock;
pub mod consent;
pub mod email;
pub mod emergency;
pub mod erasure;
pub mod event;
pub mod ids;
pub mod language;
pub mod model;
pub mod order;
pub mod password;
pub mod patient;
pub mod patient_wording;
pub mod prior;
pub mod queue;
pub mod readability;
pub mod record;
pub mod report;
pub mod review;
pub mod risk;
pub mod role;
pub mod route;
pub mod scope;
pub mod settings;
pub mod single_sign_on;
pub mod step_up;
pub mod text_enum;

pub use clock::{Clock, FixedClock, SystemClock};
pub use email::EmailAddress;
pub use emergency::EmergencyOutcome;
pub use erasure::{ErasureOutcome, ErasureState};
pub use ids::*;
pub use language::Language;
pub use model::{AlarmKind, ModelEvent, ModelStage, PromotionDecision};
pub use patient::{CorrectionSubject, ProposalEvent, ProposalState};
pub use prior::{Doubt, PriorState};
pub use record::Section;
pub use report::{ImageFormat, ImageType, ReportStatus};
pub use review::UrgencyLevel;
pub use risk::{RiskCategory, RiskProbabilities};
pub use role::Role;
pub use step_up::StepUp;
