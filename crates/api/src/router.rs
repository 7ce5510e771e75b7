//! Every path of the portal, in one list.

use std::time::Duration;

use axum::{Json, Router, extract::DefaultBodyLimit, http::StatusCode, middleware, routing::get};
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::{
        CompressionLayer, Predicate,
        predicate::{DefaultPredicate, NotForContentType},
    },
    timeout::{RequestBodyTimeoutLayer, TimeoutLayer},
};
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};
use utoipa_swagger_ui::SwaggerUi;

use crate::{
    ai, audit_trail, auth, client_address, emergency, events, figures, health, models,
    notifications, observe,
    openapi::{self, ApiDoc},
    operations::{
        jobs, program_tokens, settings, user_password_code, user_second_factor, user_sessions,
        users,
    },
    patients, portal,
    problem::{self, Problem},
    rates, refusals, reports, reviews, rights, security_headers, start_page,
    state::ApiState,
    uploads, web_assets,
};

/// Largest body of a path that is no upload.
const BODY_LIMIT: usize = 1 << 20;
/// Longest time for an answer of a path that is neither upload nor stream.
const ANSWER_TIME: Duration = Duration::from_secs(60);

/// Longest silence in the middle of an upload.
const SILENCE: Duration = Duration::from_secs(30);

/// The paths of the document.
pub(crate) fn api() -> OpenApiRouter<ApiState> {
    let quick = OpenApiRouter::new()
        .routes(routes!(auth::signup::signup))
        .routes(routes!(auth::login::login))
        .routes(routes!(auth::login_second::second))
        .routes(routes!(auth::login_second::enrol))
        .routes(routes!(auth::passkeys::sign_in::options))
        .routes(routes!(auth::passkeys::sign_in::login))
        .routes(routes!(auth::passkeys::step_up::options))
        .routes(routes!(auth::passkeys::own::list, auth::passkeys::add::add))
        .routes(routes!(auth::passkeys::add::options))
        .routes(routes!(
            auth::passkeys::own::rename,
            auth::passkeys::own::remove
        ))
        .routes(routes!(auth::single_sign_on::start::start))
        .routes(routes!(auth::single_sign_on::finish::finish))
        .routes(routes!(auth::step_up::step_up))
        .routes(routes!(auth::reset::forgot))
        .routes(routes!(auth::reset::reset))
        .routes(routes!(auth::address::send))
        .routes(routes!(auth::address::verify))
        .routes(routes!(auth::second_factor::read))
        .routes(routes!(
            auth::second_factor::start,
            auth::second_factor::remove
        ))
        .routes(routes!(auth::second_factor::confirm))
        .routes(routes!(auth::second_factor::recovery_codes))
        .routes(routes!(auth::logout::logout))
        .routes(routes!(auth::invitation::read))
        .routes(routes!(auth::invitation::accept))
        .routes(routes!(auth::me::read, auth::me::change))
        .routes(routes!(auth::password::change))
        .routes(routes!(auth::sessions::list))
        .routes(routes!(auth::sessions::end))
        .routes(routes!(reports::list::list))
        .routes(routes!(reports::detail::read))
        .routes(routes!(reports::images::original))
        .routes(routes!(reports::images::rendered))
        .routes(routes!(reports::images::thumbnail))
        .routes(routes!(reports::images::frame))
        .routes(routes!(reports::priors::list))
        .routes(routes!(reports::priors::fetch))
        .routes(routes!(reports::results::object))
        .routes(routes!(reports::results::pdf))
        .routes(routes!(reports::annotations::save))
        .routes(routes!(reports::release::release))
        .routes(routes!(ai::analyze::analyze))
        .routes(routes!(ai::analysis::read))
        .routes(routes!(ai::heatmap::read))
        .routes(routes!(reviews::list::list, reviews::sign::sign))
        .routes(routes!(reviews::draft::save))
        .routes(routes!(reviews::queue::read))
        .routes(routes!(reviews::claim::claim, reviews::claim::give_back))
        .routes(routes!(reviews::impression::record))
        .routes(routes!(reviews::identity::confirm))
        .routes(routes!(reviews::addenda::add))
        .routes(routes!(notifications::list))
        .routes(routes!(notifications::mark_read))
        .routes(routes!(
            patients::list::search,
            patients::register::register
        ))
        .routes(routes!(patients::unknown::list))
        .routes(routes!(patients::unknown::identify))
        .routes(routes!(patients::list::read, patients::correct::correct))
        .routes(routes!(patients::invite::invite))
        .routes(routes!(patients::history::read, patients::history::change))
        .routes(routes!(
            patients::proposals::propose,
            patients::proposals::withdraw
        ))
        .routes(routes!(patients::proposals::decide))
        .routes(routes!(patients::accesses::list))
        .routes(routes!(emergency::list::list, emergency::open::open))
        .routes(routes!(emergency::end::end))
        .routes(routes!(emergency::record::record))
        .routes(routes!(emergency::record::report))
        .routes(routes!(emergency::record::image))
        .routes(routes!(emergency::review::review))
        .routes(routes!(rights::facts::facts))
        .routes(routes!(rights::find::find))
        .routes(routes!(
            rights::corrections::list,
            rights::corrections::request
        ))
        .routes(routes!(rights::corrections::withdraw))
        .routes(routes!(rights::corrections::disagree))
        .routes(routes!(rights::decide::decide))
        .routes(routes!(rights::holds::list, rights::holds::set))
        .routes(routes!(rights::holds::lift))
        .routes(routes!(rights::erasures::list, rights::erasures::request))
        .routes(routes!(rights::erasures::decide))
        .routes(routes!(rights::consents::read, rights::consents::record))
        .routes(routes!(users::list, users::create))
        .routes(routes!(users::read, users::change))
        .routes(routes!(user_sessions::list, user_sessions::end_all))
        .routes(routes!(user_sessions::end))
        .routes(routes!(user_second_factor::reset))
        .routes(routes!(user_password_code::create))
        .routes(routes!(program_tokens::list))
        .routes(routes!(program_tokens::revoke))
        .routes(routes!(models::list::list))
        .routes(routes!(models::list::metrics))
        .routes(routes!(models::standings::list))
        .routes(routes!(models::standings::count))
        .routes(routes!(models::stage::change))
        .routes(routes!(models::stage::changes))
        .routes(routes!(models::comparison::compare))
        .routes(routes!(models::promotions::request))
        .routes(routes!(models::promotions::list))
        .routes(routes!(models::promotions::decide))
        .routes(routes!(models::promotions::roll_back))
        .routes(routes!(models::alarms::list))
        .routes(routes!(models::alarms::acknowledge))
        .routes(routes!(models::recalibration::recalibrate))
        .routes(routes!(models::report::report))
        .routes(routes!(settings::list))
        .routes(routes!(settings::change))
        .routes(routes!(jobs::list))
        .routes(routes!(jobs::retry))
        .routes(routes!(audit_trail::list::list))
        .routes(routes!(audit_trail::export::export))
        .routes(routes!(portal::facts))
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .routes(routes!(figures::metrics))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            ANSWER_TIME,
        ))
        .layer(DefaultBodyLimit::max(BODY_LIMIT));
    let slow = OpenApiRouter::new()
        .routes(routes!(reports::upload::upload))
        .routes(routes!(uploads::options, uploads::create))
        .routes(routes!(uploads::offset, uploads::append, uploads::delete))
        // Whoever sends nothing for so long is gone, or holds the connection on purpose.
        .layer(RequestBodyTimeoutLayer::new(SILENCE))
        // Bounded file by file while it streams to disk, by the setting.
        .layer(DefaultBodyLimit::disable())
        .merge(
            OpenApiRouter::new()
                .routes(routes!(models::training_set::export))
                .routes(routes!(rights::export::export))
                .layer(DefaultBodyLimit::max(BODY_LIMIT)),
        )
        .routes(routes!(events::follow));
    OpenApiRouter::with_openapi(ApiDoc::openapi())
        .merge(quick)
        .merge(slow)
}

/// The whole interface.
pub fn router(state: ApiState) -> Router {
    router_with(state, Router::new())
}

/// The whole interface, and beside it paths of other rooms, behind the same bounds and headers.
pub fn router_with(state: ApiState, beside: Router<ApiState>) -> Router {
    let (router, document) = api().split_for_parts();
    let document = openapi::finished(document);
    let docs = utoipa_swagger_ui::Config::from("/api/openapi.json").validator_url("none");
    router
        .route("/api/openapi.json", get(async move || Json(document)))
        .merge(SwaggerUi::new("/api/docs").config(docs))
        .merge(start_page::routes())
        .merge(beside)
        .fallback(web_assets::serve)
        // Films hardly shrink, and packing them would cost more than fetching them.
        .layer(CompressionLayer::new().compress_when(
            DefaultPredicate::new().and(NotForContentType::const_new("multipart/related")),
        ))
        .layer(CatchPanicLayer::custom(
            |panic: Box<dyn std::any::Any + Send>| {
                let text = panic
                    .downcast_ref::<String>()
                    .cloned()
                    .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
                axum::response::IntoResponse::into_response(Problem::Internal(format!(
                    "a handler panicked: {}",
                    text.unwrap_or_default()
                )))
            },
        ))
        .layer(middleware::from_fn_with_state(
            state.clone(),
            refusals::note,
        ))
        .layer(middleware::from_fn_with_state(state.clone(), rates::bound))
        .layer(middleware::from_fn(problem::finish))
        .layer(middleware::from_fn_with_state(
            state.clone(),
            security_headers::add,
        ))
        .layer(middleware::from_fn_with_state(
            state.clone(),
            client_address::find,
        ))
        .layer(middleware::from_fn(observe::observe))
        .with_state(state)
}
