//! Answers that take their time: a line of JSON now and then, and the outcome in the last.
//!
//! The status is sent before the outcome is known, so the last line says `done` or `failed`. Whoever
//! hangs up ends the work.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use api::publish::ProgressLine;
use axum::body::{Body, Bytes};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::Serialize;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::caller::Caller;
use super::error::ApiError;
use crate::catalog::Progress;

/// Starts work and tells of it step by step.
pub(super) fn answer<T: Serialize + Send + 'static>(
    progress: Arc<Progress>,
    work: impl Future<Output = Result<T, ApiError>> + Send + 'static,
) -> Response {
    let work = Caller::keep(Caller::current(), work);
    let steps = Steps { progress: CancelOnDrop(progress), work: Some(tokio::spawn(work)) };
    let lines = stream::unfold(steps, |mut steps| async {
        let line = steps.next().await?;
        Some((Ok::<_, Infallible>(line), steps))
    });
    ([(CONTENT_TYPE, "application/x-ndjson")], Body::from_stream(lines)).into_response()
}

/// What there is to tell.
struct Steps<T> {
    progress: CancelOnDrop,
    work: Option<JoinHandle<Result<T, ApiError>>>,
}

impl<T: Serialize> Steps<T> {
    /// The next line; `None` after the last.
    async fn next(&mut self) -> Option<Bytes> {
        let work = self.work.as_mut()?;
        let step = tokio::select! {
            outcome = work => {
                self.work = None;
                match outcome {
                    Ok(Ok(done)) => ProgressLine::Done(done),
                    Ok(Err(error)) => ProgressLine::Failed(error.into()),
                    Err(_) => ProgressLine::Failed(ApiError::broken().into()),
                }
            }
            () = sleep(PACE) => {
                let (bytes, of) = self.progress.0.bytes();
                ProgressLine::Hashed { bytes, of }
            }
        };
        let mut line = serde_json::to_vec(&step).unwrap_or_default();
        line.push(b'\n');
        Some(line.into())
    }
}

/// Progress of work that is wanted as long as this lives.
struct CancelOnDrop(Arc<Progress>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// Between two lines.
const PACE: Duration = Duration::from_millis(200);
