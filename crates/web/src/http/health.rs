//! Whether the daemon lives, is ready, and what it counts: for supervisors and Prometheus.

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;

/// Routes `/metrics`, which `render` renders in Prometheus' text format.
pub fn metrics(render: impl Fn() -> String + Send + Sync + 'static) -> Router {
    let render = Arc::new(render);
    Router::new().route(
        "/metrics",
        get(async move || ([(CONTENT_TYPE, "text/plain; version=0.0.4")], render())),
    )
}

/// Routes `/livez` and `/readyz`, which ask for no password.
///
/// `ready` says in a sentence what is missing until announces are answered, and again while the daemon drains.
pub fn router(ready: impl Fn() -> Result<(), String> + Send + Sync + 'static) -> Router {
    let ready = Arc::new(ready);
    Router::new().route("/livez", get(async || "ok\n")).route(
        "/readyz",
        get(async move || match ready() {
            Ok(()) => "ok\n".into_response(),
            Err(missing) => {
                (StatusCode::SERVICE_UNAVAILABLE, format!("{missing}\n")).into_response()
            }
        }),
    )
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::http::Request;
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn says_what_is_missing_until_it_is_ready() {
        check(
            "/readyz",
            Err("members are being loaded".to_owned()),
            503,
            "members are being loaded\n",
        )
        .await;
        check("/readyz", Ok(()), 200, "ok\n").await;
        check("/livez", Err("draining".to_owned()), 200, "ok\n").await;
        check("/metrics", Ok(()), 200, "usher_up 1\n").await;
        check("/api/v1/members", Ok(()), 404, "").await;
    }

    async fn check(path: &str, ready: Result<(), String>, status: u16, expected: &str) {
        let router = metrics(|| "usher_up 1\n".to_owned()).merge(router(move || ready.clone()));
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = router.oneshot(request).await.unwrap();
        assert_eq!(response.status(), status, "{path}");
        let body = to_bytes(response.into_body(), 100).await.unwrap();
        assert_eq!(body, expected, "{path}");
    }
}
