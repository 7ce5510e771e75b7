//! Reports: sending films in, lists, one report with all that hangs on it, its images.

pub(crate) mod annotations;
pub(crate) mod detail;
pub(crate) mod images;
pub(crate) mod list;
mod plain;
pub(crate) mod priors;
pub(crate) mod release;
pub(crate) mod results;
pub(crate) mod upload;
mod upload_form;

pub(crate) use upload_form::display_name;
pub use upload_form::readable_upload;
