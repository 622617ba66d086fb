//! Members' sign-ins, links and addresses, over the admin API.

use std::sync::Arc;

use api::member::{MemberView, NamedId, SetEmail};
use api::page::{AttemptPage, SignInPage};
use api::query::{AttemptQuery, SignInQuery};
use api::sign_in::{SignInAttempt, SignInLink, SignInView, SignInsEnded};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use club::{Listed, SignInId, Subject};

use super::admin::{Admin, moment};
use super::error::ApiError;
use super::extract::{Body, Params, page};
use super::{mail, members};
use crate::mail::{link_url, texts};

/// Lists the browsers in which a member is signed in.
#[utoipa::path(
    get,
    path = "/members/{member}/sign-ins",
    operation_id = "list_sign_ins",
    tag = "sign-ins",
    params(("member" = String, Path), SignInQuery),
    responses((status = 200, body = SignInPage)),
    security(("token" = ["read:members"]))
)]
pub(super) async fn list(
    State(admin): State<Arc<Admin>>,
    Path(member): Path<String>,
    Params(query): Params<SignInQuery>,
) -> Result<Json<SignInPage>, ApiError> {
    let SignInQuery { newest, after, limit } = query;
    let subject = Subject::Member(admin.club.member(&member).await?.id);
    let page = page(after, limit, newest)?;
    let found = admin.club.list_sign_ins(subject, admin.now().unix, &page).await?;
    let view = |sign_in: club::SignIn| SignInView {
        id: sign_in.id.0,
        ends: moment(sign_in.ends()),
        browser: sign_in.agent,
        created: moment(sign_in.created),
        used: moment(sign_in.used),
    };
    let Listed { rows: sign_ins, next } = found.map(view);
    Ok(Json(SignInPage { sign_ins, next }))
}

/// Signs a member out of one browser.
#[utoipa::path(
    delete,
    path = "/members/{member}/sign-ins/{sign_in}",
    operation_id = "end_sign_in",
    tag = "sign-ins",
    params(("member" = String, Path), ("sign_in" = u32, Path)),
    responses((status = 200, body = SignInsEnded)),
    security(("token" = ["write:members"]))
)]
pub(super) async fn end(
    State(admin): State<Arc<Admin>>,
    Path((member, id)): Path<(String, u32)>,
) -> Result<Json<SignInsEnded>, ApiError> {
    let member = admin.club.member(&member).await?;
    let subject = Subject::Member(member.id);
    admin.club.end_sign_in(&admin.stamp(), subject, SignInId(id)).await?;
    Ok(Json(SignInsEnded { member: named(member), ended: 1 }))
}

/// Signs a member out of every browser.
#[utoipa::path(
    delete,
    path = "/members/{member}/sign-ins",
    operation_id = "end_sign_ins",
    tag = "sign-ins",
    params(("member" = String, Path)),
    responses((status = 200, body = SignInsEnded)),
    security(("token" = ["write:members"]))
)]
pub(super) async fn end_all(
    State(admin): State<Arc<Admin>>,
    Path(member): Path<String>,
) -> Result<Json<SignInsEnded>, ApiError> {
    let member = admin.club.member(&member).await?;
    let ended = admin.club.end_sign_ins(&admin.stamp(), Subject::Member(member.id)).await?;
    Ok(Json(SignInsEnded { member: named(member), ended }))
}

/// Makes a link and a code that sign a member in.
#[utoipa::path(
    post,
    path = "/members/{member}/sign-in-links",
    operation_id = "make_sign_in_link",
    tag = "sign-ins",
    params(("member" = String, Path)),
    responses((status = 201, body = SignInLink)),
    security(("token" = ["write:members"]))
)]
pub(super) async fn hand_out(
    State(admin): State<Arc<Admin>>,
    Path(member): Path<String>,
) -> Result<(StatusCode, Json<SignInLink>), ApiError> {
    let made = admin.club.hand_out_link(&admin.stamp(), &member).await?;
    let site = admin.site_url();
    let link = SignInLink {
        member: named(made.member),
        url: link_url(&site, &made.token),
        code_url: format!("{site}/sign-in/code"),
        code: made.code.to_string(),
        until: moment(made.until),
    };
    Ok((StatusCode::CREATED, Json(link)))
}

/// Lists the attempts to sign in that failed.
#[utoipa::path(
    get,
    path = "/sign-in-attempts",
    operation_id = "list_sign_in_attempts",
    tag = "sign-ins",
    params(AttemptQuery),
    responses((status = 200, body = AttemptPage)),
    security(("token" = ["read:members"]))
)]
pub(super) async fn attempts(
    State(admin): State<Arc<Admin>>,
    Params(query): Params<AttemptQuery>,
) -> Result<Json<AttemptPage>, ApiError> {
    let AttemptQuery { email, newest, after, limit } = query;
    let page = page(after, limit, newest)?;
    let found = admin.club.list_sign_in_attempts(email.as_deref(), &page).await?;
    let view = |attempt: club::Attempt| SignInAttempt {
        email: attempt.email.text().to_owned(),
        outcome: attempt.outcome.text().to_owned(),
        first: moment(attempt.first_at),
        last: moment(attempt.last_at),
        times: attempt.times,
    };
    let Listed { rows: attempts, next } = found.map(view);
    Ok(Json(AttemptPage { attempts, next }))
}

/// Replaces or removes the e-mail address of a member.
#[utoipa::path(
    put,
    path = "/members/{member}/email",
    operation_id = "set_email",
    tag = "members",
    params(("member" = String, Path)),
    request_body = SetEmail,
    responses((status = 200, body = MemberView)),
    security(("token" = ["write:members"]))
)]
pub(super) async fn set_email(
    State(admin): State<Arc<Admin>>,
    Path(member): Path<String>,
    Body(SetEmail { email }): Body<SetEmail>,
) -> Result<Json<MemberView>, ApiError> {
    let email = email.as_deref().map(mail::email).transpose()?;
    let text = texts::sign_in(&admin.publisher_name(), &admin.site_url());
    let member = admin.club.set_email(&admin.stamp(), &member, email, text).await?;
    Ok(Json(members::view(member)))
}

fn named(member: club::Member) -> NamedId {
    NamedId { id: member.id.value(), name: member.name }
}
