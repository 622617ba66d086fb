//! Who may see a member's pages: members who are signed in. Anybody else is sent to sign in.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header::{CACHE_CONTROL, HeaderValue};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};
use club::Member;

use crate::site::pages::failure::Failure;
use crate::site::pages::visitor::Visitor;
use crate::site::state::Site;

/// A visitor who is signed in.
pub(in crate::site::pages) struct MemberVisitor {
    pub(super) visitor: Visitor,
    pub(super) member: Member,
}

impl FromRequestParts<Arc<Site>> for MemberVisitor {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, site: &Arc<Site>) -> Result<Self, Response> {
        let visitor = Visitor::from_request_parts(parts, site).await;
        let visitor = visitor.map_err(IntoResponse::into_response)?;
        match visitor.signed_in.as_ref().map(|signed_in| signed_in.member.clone()) {
            Some(member) => Ok(Self { visitor, member }),
            None => {
                let mut response =
                    Redirect::to(&format!("{}/sign-in", visitor.look.home)).into_response();
                response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
                Err(response)
            }
        }
    }
}

/// Who sent a form; forms of members are refused where nobody is signed in.
pub(super) fn signed_in(visitor: &Visitor) -> Result<Member, Failure> {
    let signed_in = visitor.signed_in.as_ref();
    signed_in.map(|signed_in| signed_in.member.clone()).ok_or_else(Failure::stale_form)
}
