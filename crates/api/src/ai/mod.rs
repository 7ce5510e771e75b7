//! What the AI said, its heatmap, and asking it again.

pub(crate) mod analysis;
pub(crate) mod analyze;
pub(crate) mod heatmap;
