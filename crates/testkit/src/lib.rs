//! A portal for each test: its own PostgreSQL database made from a template, a blob store in a
//! temporary folder, a clock that stands still until the test moves it, and clients that speak real
//! HTTP with real tokens.
//!
//! One cluster serves a test program; it goes down with it, however the program ends.

// A test that cannot be set up should stop with the reason.
#![allow(clippy::unwrap_used)]

mod app;
mod client;
mod cluster;
mod films;
mod mail_server;
mod shared;
mod sign_on_server;

pub use app::{PASSWORD, PUBLIC_URL, TestApp, TestOptions};
pub use client::{Answer, Client};
pub use cluster::{TestDatabase, cluster};
pub use films::{chest_film, dicom_film};
pub use mail_server::{Mail, MailServer};
pub use shared::shared_folder;
pub use sign_on_server::{SignOnServer, Signing};
pub use webauthn::authenticator::Authenticator;
