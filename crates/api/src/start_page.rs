//! The start page: that the portal runs, who may sign in to the demo, and where the interface is.

use axum::{
    Router,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
    routing::get,
};

use crate::{state::ApiState, web_assets};

const STYLE: &str = include_str!("start_page.css");

/// The page and its style. Where the web interface is built in, `/` is that.
pub(crate) fn routes() -> Router<ApiState> {
    let router = Router::new()
        .route("/start", get(page))
        .route("/start.css", get(style));
    if web_assets::are_built_in() {
        router
    } else {
        router.route("/", get(page))
    }
}

async fn style() -> Response {
    (
        [
            (header::CONTENT_TYPE, "text/css; charset=utf-8"),
            (header::CACHE_CONTROL, "public, max-age=3600"),
        ],
        STYLE,
    )
        .into_response()
}

async fn page(State(state): State<ApiState>) -> Response {
    let html = format!(
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Medical Portal</title>
<link rel="stylesheet" href="/start.css">
</head>
<body>
<main>
<h1>Medical Portal is running</h1>
<p>X-ray triage: films in, a risk estimate, a queue that puts the urgent ones first, signed reviews, released results.</p>
<p class="notice">Decision support, not a diagnosis, and not a medical device. A doctor reads every film.</p>
{demo}
<h2>Where to go</h2>
<ul>
{web}
<li><a href="/api/docs/">API, to read and try</a> (<a href="/api/openapi.json">OpenAPI 3.1 document</a>)</li>
<li><a href="/readyz">Is every part ready?</a></li>
</ul>
<footer>Version {version}</footer>
</main>
</body>
</html>
"#,
        demo = demo_section(&state),
        web = if web_assets::are_built_in() {
            r#"<li><a href="/">The portal</a>, for patients and staff</li>"#
        } else {
            "<li>The web interface was not built into this program: run <code>make build</code>.</li>"
        },
        version = escape(state.options.version),
    );
    (
        [
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (header::CACHE_CONTROL, "no-store"),
        ],
        html,
    )
        .into_response()
}

fn demo_section(state: &ApiState) -> String {
    let options = &state.options;
    let Some(password) = &options.demo_password else {
        return String::new();
    };
    let rows: String = options
        .demo_accounts
        .iter()
        .map(|account| {
            format!(
                "<tr><td><code>{}</code></td><td>{}</td></tr>\n",
                escape(&account.email),
                escape(account.role)
            )
        })
        .collect();
    format!(
        "<h2>Demo accounts</h2>\n<p>Everybody here is made up, and every film is drawn by a program. The password of all is \
         <code>{}</code>.</p>\n<table>\n<thead><tr><th scope=\"col\">Address</th><th scope=\"col\">Role</th></tr></thead>\n<tbody>\n{rows}</tbody>\n</table>",
        escape(password)
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
