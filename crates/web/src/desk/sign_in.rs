//! Signing in by name, password and code, and signing out.
//!
//! Whatever is wrong, the answer is the same and takes as long. Deliberately absent: a way back for who lost
//! everything, which is `usher admin reset`.

use askama::Template;
use axum::http::StatusCode;
use axum::http::header::{HeaderMap, SET_COOKIE, USER_AGENT};
use axum::response::{IntoResponse, Redirect, Response};
use club::{AdminProof, SecretToken, Subject, WrongPart};
use serde::Deserialize;

use super::cookies;
use super::factor;
use super::form::{ButtonOnly, DeskForm};
use super::layout::{DeskLayout, DeskPlace};
use super::stop::Stop;
use super::visitor::{AdminVisitor, DeskVisitor};

#[derive(Template)]
#[template(path = "desk/sign-in.html")]
struct DeskSignInPage {
    layout: DeskLayout,
    name: String,
    is_wrong: bool,
}

#[derive(Deserialize)]
pub(super) struct SignInFields {
    name: String,
    password: String,
    code: String,
}

/// `/sign-in`.
pub(super) async fn ask(visitor: DeskVisitor) -> Response {
    if visitor.signed_in.is_some() {
        return Redirect::to("/").into_response();
    }
    page(visitor, String::new(), false)
}

/// Signs in.
pub(super) async fn send(
    headers: HeaderMap,
    DeskForm { visitor, fields }: DeskForm<SignInFields>,
) -> Result<Response, Stop> {
    let SignInFields { name, password, code } = fields;
    let name = name.trim().to_owned();
    factor::limit(&visitor, &name)?;
    let proof = visitor.desk.site.club.admin_proof(&name).await?;
    let is_right = factor::is_password(&visitor.desk, proof.as_ref(), password).await?;
    let Some(proof) = proof else {
        factor::note(&visitor, None, WrongPart::Name).await?;
        return Ok(page(visitor, name, true));
    };
    if !is_right {
        factor::note(&visitor, Some(proof.admin.id), WrongPart::Password).await?;
        return Ok(page(visitor, name, true));
    }
    let Some(token) = start(&visitor, &headers, &proof, &code).await? else {
        factor::note(&visitor, Some(proof.admin.id), WrongPart::Code).await?;
        return Ok(page(visitor, name, true));
    };
    let mut response = Redirect::to("/").into_response();
    let set = cookies::set(cookies::SIGN_IN, &token.expose(), Some(cookies::SIGN_IN_SECS));
    response.headers_mut().extend(set.map(|cookie| (SET_COOKIE, cookie)));
    Ok(response)
}

/// Ends this browser's sign-in.
pub(super) async fn sign_out(
    DeskForm { visitor, .. }: DeskForm<ButtonOnly>,
) -> Result<Response, Stop> {
    let AdminVisitor { visitor, admin } = AdminVisitor::of(visitor)?;
    let desk = &visitor.desk;
    if let Some(signed_in) = &visitor.signed_in {
        let (stamp, subject) = (desk.stamp_of(&admin), Subject::Admin(admin.id));
        match desk.site.club.end_sign_in(&stamp, subject, signed_in.id).await {
            // It was ended from another browser meanwhile.
            Ok(()) | Err(club::Error::NoSignIn(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let mut response = Redirect::to("/sign-in").into_response();
    let gone = cookies::set(cookies::SIGN_IN, "", Some(0));
    response.headers_mut().extend(gone.map(|cookie| (SET_COOKIE, cookie)));
    Ok(response)
}

async fn start(
    visitor: &DeskVisitor,
    headers: &HeaderMap,
    proof: &AdminProof,
    code: &str,
) -> Result<Option<SecretToken>, Stop> {
    let desk = &visitor.desk;
    let Some(factor) = factor::read(desk, proof, code) else { return Ok(None) };
    let agent = headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    let stamp = desk.stamp_of(&proof.admin);
    Ok(desk.site.club.sign_in_admin(&stamp, proof.admin.id, factor, agent).await?)
}

fn page(mut visitor: DeskVisitor, name: String, is_wrong: bool) -> Response {
    let layout = visitor.layout(DeskPlace::Elsewhere, "Sign in");
    let status = if is_wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    visitor.page_with(status, &DeskSignInPage { layout, name, is_wrong })
}
