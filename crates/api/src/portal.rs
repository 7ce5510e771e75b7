//! `GET /api/portal`: what a screen must know before anybody has signed in.

use axum::{Json as Answer, extract::State};
use db::Actor;
use domain::settings;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    auth::{passkeys::Site, single_sign_on},
    problem::{Problem, ProblemBody},
    signed::From,
    state::ApiState,
};

/// An account of the demo.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DemoLogin {
    /// Address to sign in with.
    email: String,
    /// What it is for.
    role: &'static str,
}

/// The demo's accounts and their password.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Demo {
    /// The password of all.
    password: String,
    /// The accounts.
    accounts: Vec<DemoLogin>,
}

/// What a screen must know before anybody has signed in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PortalFacts {
    /// Version of the program.
    version: &'static str,
    /// The demo's accounts; absent outside the demo.
    demo: Option<Demo>,
    /// Minutes without use after which a session ends.
    session_idle_minutes: i64,
    /// Whether this portal sends mail, such as a code for a new password.
    sends_mail: bool,
    /// Whether passkeys can be used at the address of this request.
    passkeys: bool,
    /// What the provider of single sign-on is called; absent where there is none.
    single_sign_on: Option<String>,
    /// Fewest characters of a new password.
    password_minimum_length: u64,
    /// Largest accepted file, in mebibytes.
    maximum_file_mebibytes: u64,
}

/// Facts about this portal
#[utoipa::path(get, path = "/api/portal", operation_id = "portal_facts", tag = "health", security(()),
    responses((status = 200, body = PortalFacts), (status = 503, body = ProblemBody)))]
pub(crate) async fn facts(
    State(state): State<ApiState>,
    From(origin): From,
    site: Site,
) -> Result<Answer<PortalFacts>, Problem> {
    let mut tx = state.database.begin(&Actor::anonymous(origin)).await?;
    let options = &state.options;
    Ok(Answer(PortalFacts {
        version: options.version,
        demo: options.demo_password.clone().map(|password| Demo {
            password,
            accounts: options
                .demo_accounts
                .iter()
                .map(|account| DemoLogin {
                    email: account.email.clone(),
                    role: account.role,
                })
                .collect(),
        }),
        session_idle_minutes: db::settings::get(&mut tx, settings::SESSION_IDLE_MINUTES).await?,
        sends_mail: options.mailer.is_some(),
        passkeys: site.has_passkeys(),
        single_sign_on: single_sign_on::label(&state, &mut tx).await?,
        password_minimum_length: db::settings::get(&mut tx, settings::PASSWORD_MINIMUM_LENGTH)
            .await?,
        maximum_file_mebibytes: db::settings::get(&mut tx, settings::INTAKE_MAXIMUM_FILE_MEBIBYTES)
            .await?,
    }))
}
