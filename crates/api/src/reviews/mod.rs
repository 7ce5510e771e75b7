//! The doctors' work: queue, claims, first impressions, drafts, signing, addenda.

pub(crate) mod addenda;
pub(crate) mod claim;
pub(crate) mod content;
pub(crate) mod draft;
pub(crate) mod identity;
pub(crate) mod impression;
pub(crate) mod list;
pub(crate) mod queue;
pub(crate) mod sign;
