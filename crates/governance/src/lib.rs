//! How models come to work and leave it, and how they are watched meanwhile.
//!
//! [`lifecycle`] changes what a model is there for; a model is put to work by two persons. [`figures`],
//! [`drift`] and [`comparison`] are sums over what models said ([`db::case_scores`]) and what doctors
//! signed; [`standing`] does them once a day for every model that scores, keeps them and raises
//! [`alarms`]. [`recalibration`] and [`training_set`] make something new of signed cases; [`page`] shows
//! everything about a model on one page.

pub mod alarms;
pub mod comparison;
pub mod drift;
pub mod figures;
pub mod lifecycle;
pub mod page;
pub mod recalibration;
pub mod standing;
pub mod training_set;

pub use lifecycle::LifecycleError;
pub use standing::GovernanceJob;
