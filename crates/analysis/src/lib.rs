//! One analysis: decode → gate → model → wording → report.
//!
//! [`film`] looks at one file and needs neither server nor database. [`job`] does so for the images
//! of a report and writes the result; [`silent`] has shadow models look at it afterwards. Whatever goes
//! wrong ends in "not assessed" in front of a human, never in "low".

pub mod alarm;
pub mod film;
pub mod job;
pub mod models;
mod outcome;
mod record;
pub mod registry;
pub mod release;
pub mod silent;
mod wording;

pub use film::{Beside, FilmAssessment, Seen, examine, see};
pub use job::AnalysisJob;
pub use models::ModelCache;
pub use silent::SilentJob;
