//! The HTTP interface. One file an endpoint holds its request, its answer, its documentation and
//! its handler; errors become one problem+json in [`problem`]; who may do what is decided by
//! [`signed`] and, row by row, by the database.

mod address;
mod ai;
mod audit_trail;
mod auth;
mod body;
mod caller;
mod client_address;
mod codes;
mod emergency;
mod events;
mod figures;
mod health;
mod hub;
mod mail;
mod models;
mod notifications;
mod observe;
mod openapi;
mod operations;
mod outcome;
pub mod passwords;
mod patients;
mod pieces;
mod portal;
mod problem;
mod query;
mod rates;
mod refusals;
mod reports;
mod reviews;
mod rights;
mod router;
mod security_headers;
mod shape;
mod sign_on_fault;
mod signed;
mod start_page;
mod state;
mod tokens;
mod uploads;
mod web_assets;

pub use address::address;
pub use caller::{Caller, new_program_token};
pub use codes::FieldCode;
pub use hub::EventHub;
pub use mail::{MailError, Mailer};
pub use openapi::document;
pub use problem::{Away, FieldError, Problem, ProblemBody};
pub use rates::Rates;
pub use reports::readable_upload;
pub use router::{router, router_with};
pub use state::{ApiOptions, ApiState, DemoAccount, Figures};
pub use tokens::readable_session;
