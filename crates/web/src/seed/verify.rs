//! `/verify`: asks for a web server of the publisher's that serves the files by itself.
//!
//! Made for nginx's `auth_request`, which knows 2xx, 401 and 403 and makes a 500 of the rest:
//!
//! | answer | where the web seed itself says |
//! |---|---|
//! | 204, with `X-Webseed-Rate` in bytes a second | 200 or 206 |
//! | 401 | 404 |
//! | 403 | 403 |

use std::sync::Arc;

use axum::Router;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};

use super::web_seed::{Denied, WebSeed};
use crate::http::{Origin, text};

/// Routes `/verify`; and what of the goods' own paths the daemon does not answer by itself, which
/// is every method but GET and HEAD.
pub fn router(web_seed: Arc<WebSeed>) -> Router {
    let refused = || any(async || text(StatusCode::METHOD_NOT_ALLOWED, "use GET\n"));
    Router::new()
        .route("/verify", get(verify))
        .route("/ws/{*path}", refused())
        .route("/d/{*path}", refused())
        .with_state(web_seed)
}

async fn verify(
    State(web_seed): State<Arc<WebSeed>>,
    Extension(Origin(client)): Extension<Origin>,
    headers: HeaderMap,
) -> Response {
    // Without the header nobody's request is asked about.
    let target = headers.get(ORIGINAL_URI).map_or(&[][..], |target| target.as_bytes());
    match web_seed.authorize(target, client).await {
        Ok(file) => {
            let rate = file.served().terms.rate.to_string();
            (StatusCode::NO_CONTENT, [(RATE, rate)]).into_response()
        }
        Err(Denied::Missing | Denied::Unknown) => text(StatusCode::UNAUTHORIZED, "nothing here\n"),
        // Closed rather than open, where the database does not answer.
        Err(Denied::Expired | Denied::Unavailable) => text(StatusCode::FORBIDDEN, "no more\n"),
    }
}

const ORIGINAL_URI: &str = "x-original-uri";
const RATE: &str = "x-webseed-rate";
