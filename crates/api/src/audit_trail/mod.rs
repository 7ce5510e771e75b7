//! The audit trail: read page by page, or taken away whole.

pub(crate) mod export;
pub(crate) mod list;
