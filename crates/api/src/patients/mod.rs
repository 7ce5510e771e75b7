//! Patients: search, registration, medical history, and who looked.

pub(crate) mod accesses;
pub(crate) mod history;
pub(crate) mod list;
pub(crate) mod register;
