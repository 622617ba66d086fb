//! Who is signed in, by the cookie of a sign-in.

use axum::http::HeaderMap;
use club::Member;

use super::failure::Failure;
use crate::site::state::Site;

/// A member who is signed in.
pub(in crate::site) struct SignedIn {
    pub(in crate::site) member: Member,
    /// The balance as the masthead says it; `None` where there is nothing.
    pub(in crate::site) balance: Option<String>,
    /// The sign-in's cookie, to which forms are bound.
    pub(super) cookie: String,
}

/// Who sends these headers. Nobody can sign in yet.
pub(super) async fn find(_site: &Site, _headers: &HeaderMap) -> Result<Option<SignedIn>, Failure> {
    Ok(None)
}
