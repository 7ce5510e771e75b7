//! Patients: search, registration, medical history, and who looked.

pub(crate) mod accesses;
pub(crate) mod correct;
pub(crate) mod history;
pub(crate) mod invite;
pub(crate) mod list;
pub(crate) mod proposals;
pub(crate) mod register;
pub(crate) mod unknown;
