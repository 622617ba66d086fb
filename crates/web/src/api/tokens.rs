//! Tokens, over the admin API.
//!
//! Whoever asks with a token gives away nothing that it has not: it needs the scope of everything, and makes none
//! that outlasts it.

use std::sync::Arc;

use api::error::ProblemKind;
use api::page::TokenPage;
use api::token::{AddToken, TokenAdded, TokenScope, TokenView};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use club::{AccessScope, ApiToken, NewToken};

use super::admin::{Admin, moment, unix};
use super::caller::Caller;
use super::error::ApiError;
use super::extract::Body;

/// Makes a token.
///
/// Its secret is in this answer alone. A token makes others only if it has the scope `all`, and none that lasts longer.
#[utoipa::path(
    post,
    path = "/tokens",
    operation_id = "add_token",
    tag = "maintenance",
    request_body = AddToken,
    responses((status = 201, body = TokenAdded)),
    security(("token" = ["all"]))
)]
pub(super) async fn add(
    State(admin): State<Arc<Admin>>,
    Body(wanted): Body<AddToken>,
) -> Result<(StatusCode, Json<TokenAdded>), ApiError> {
    let until = unix(wanted.until)?;
    check_no_gain(until)?;
    let scopes = wanted.scopes.into_iter().map(to_club).collect();
    let new = NewToken { name: wanted.name, scopes, until };
    let (token, secret) = admin.club.add_token(&admin.stamp(), new).await?;
    let token = view(token, admin.now().unix);
    Ok((StatusCode::CREATED, Json(TokenAdded { token, secret: secret.expose() })))
}

/// Lists the tokens, those that no longer work too.
#[utoipa::path(
    get,
    path = "/tokens",
    operation_id = "list_tokens",
    tag = "maintenance",
    responses((status = 200, body = TokenPage)),
    security(("token" = ["all"]))
)]
pub(super) async fn list(State(admin): State<Arc<Admin>>) -> Result<Json<TokenPage>, ApiError> {
    let now_unix = admin.now().unix;
    let tokens = admin.club.tokens().await?;
    let tokens = tokens.into_iter().map(|token| view(token, now_unix)).collect();
    Ok(Json(TokenPage { tokens, next: None }))
}

/// Revokes a token, which stops working at once.
#[utoipa::path(
    delete,
    path = "/tokens/{token}",
    operation_id = "revoke_token",
    tag = "maintenance",
    params(("token" = String, Path)),
    responses((status = 200, body = TokenView)),
    security(("token" = ["all"]))
)]
pub(super) async fn revoke(
    State(admin): State<Arc<Admin>>,
    Path(token): Path<String>,
) -> Result<Json<TokenView>, ApiError> {
    let revoked = admin.club.revoke_token(&admin.stamp(), &token).await?;
    Ok(Json(view(revoked, admin.now().unix)))
}

/// Refuses to make what would do more, or for longer, than the token that asks for it.
pub(super) fn check_no_gain(until: Option<u32>) -> Result<(), ApiError> {
    let Some(Caller::Token(own)) = Caller::current() else { return Ok(()) };
    if !own.scopes.include(AccessScope::All) {
        let text = format!("token `{}` has not the scope all, and makes nobody else's", own.name);
        return Err(ApiError::of(ProblemKind::Scope, text).lacking(AccessScope::All.text()));
    }
    match own.until {
        Some(end) if until.is_none_or(|until| until > end) => {
            let end = moment(end);
            let text = format!(
                "token `{}` ends at {end}, and makes nothing that lasts longer: name an `until` up to \
                 then, or use a token without an end",
                own.name
            );
            Err(ApiError::of(ProblemKind::Scope, text).in_field("until"))
        }
        _ => Ok(()),
    }
}

fn view(token: ApiToken, now_unix: u32) -> TokenView {
    let state = match token.revoked {
        Some(_) => "revoked",
        None if token.works(now_unix) => "active",
        None => "ended",
    };
    TokenView {
        id: token.id.0,
        name: token.name,
        scopes: token.scopes.each().map(from_club).collect(),
        state: state.to_owned(),
        created: moment(token.created),
        until: token.until.map(moment),
        used: token.used.map(moment),
        revoked: token.revoked.map(moment),
    }
}

const fn to_club(scope: TokenScope) -> AccessScope {
    match scope {
        TokenScope::All => AccessScope::All,
        TokenScope::Money => AccessScope::Money,
        TokenScope::ReadMembers => AccessScope::ReadMembers,
        TokenScope::ReadStats => AccessScope::ReadStats,
        TokenScope::WriteItems => AccessScope::WriteItems,
        TokenScope::WriteMembers => AccessScope::WriteMembers,
    }
}

const fn from_club(scope: AccessScope) -> TokenScope {
    match scope {
        AccessScope::All => TokenScope::All,
        AccessScope::Money => TokenScope::Money,
        AccessScope::ReadMembers => TokenScope::ReadMembers,
        AccessScope::ReadStats => TokenScope::ReadStats,
        AccessScope::WriteItems => TokenScope::WriteItems,
        AccessScope::WriteMembers => TokenScope::WriteMembers,
    }
}
