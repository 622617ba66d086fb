//! `/assets/<digest>/<name>`: style sheets, the script, the icon and the logo.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;

use super::failure::Failure;
use crate::site::state::Site;

pub(super) async fn show(
    State(site): State<Arc<Site>>,
    Path((digest, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let look = site.look();
    let asset = look.assets.iter().find(|asset| asset.name == name);
    let asset = asset.ok_or_else(Failure::not_found)?;
    Ok(asset.respond(&digest, &headers))
}
