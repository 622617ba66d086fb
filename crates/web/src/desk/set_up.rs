//! `/set-up/<token>`: the page behind the link of a new admin, who chooses a password and sets up codes.
//!
//! Opening it changes nothing; its form does, once.

use std::sync::Arc;

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use club::{AdminProof, SecretToken};
use serde::Deserialize;

use super::factor::{self, MAX_PASSWORD};
use super::form::DeskForm;
use super::layout::{DeskLayout, DeskPlace};
use super::stop::Stop;
use super::visitor::DeskVisitor;
use crate::http::Action;
use crate::site::Failure;

#[derive(Template)]
#[template(path = "desk/set-up.html")]
struct SetUpPage {
    layout: DeskLayout,
    name: String,
    role: &'static str,
    /// The secret in groups of four characters.
    secret: String,
    url: String,
    wrong: Option<&'static str>,
    min_password: usize,
}

#[derive(Template)]
#[template(path = "desk/codes.html")]
pub(super) struct CodesPage {
    pub(super) layout: DeskLayout,
    pub(super) is_new: bool,
    pub(super) codes: Vec<String>,
}

#[derive(Deserialize)]
pub(super) struct SetUpFields {
    password: String,
    again: String,
    code: String,
}

/// Says what a link does.
pub(super) async fn show(Path(text): Path<String>, visitor: DeskVisitor) -> Result<Response, Stop> {
    let (_, proof) = link(&visitor, &text).await?;
    page(visitor, &proof, None)
}

/// Uses a link.
pub(super) async fn send(
    Path(text): Path<String>,
    DeskForm { mut visitor, fields }: DeskForm<SetUpFields>,
) -> Result<Response, Stop> {
    visitor.limit(Action::Guess)?;
    let (token, proof) = link(&visitor, &text).await?;
    let SetUpFields { password, again, code } = fields;
    if let Some(wrong) = wrong_password(&password, &again) {
        return page(visitor, &proof, Some(wrong));
    }
    let desk = Arc::clone(&visitor.desk);
    let digits: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let Some(step) = factor::step(&desk, &proof, &digits) else {
        return page(visitor, &proof, Some(WRONG_CODE));
    };
    let hash = desk.passwords.hash(password).await?;
    let stamp = desk.stamp_of(&proof.admin);
    let codes = desk.site.club.set_up_admin(&stamp, &token, hash, step).await?;
    let codes = codes.ok_or_else(used_up)?;
    let layout = visitor.layout(DeskPlace::Elsewhere, "Your recovery codes");
    let codes = codes.iter().map(ToString::to_string).collect();
    Ok(visitor.page(&CodesPage { layout, is_new: true, codes }))
}

async fn link(visitor: &DeskVisitor, text: &str) -> Result<(SecretToken, AdminProof), Stop> {
    let token = SecretToken::parse(text).ok_or_else(used_up)?;
    let desk = &visitor.desk;
    let proof = desk.site.club.admin_of_link(&token, desk.now_unix()).await?;
    Ok((token, proof.ok_or_else(used_up)?))
}

fn used_up() -> Failure {
    Failure::gone("This link does not work", USED_UP)
}

fn wrong_password(password: &str, again: &str) -> Option<&'static str> {
    if password.chars().count() < MIN_PASSWORD {
        return Some(SHORT);
    }
    if password.len() > MAX_PASSWORD {
        return Some(LONG);
    }
    (password != again).then_some(DIFFERENT)
}

fn page(
    mut visitor: DeskVisitor,
    proof: &AdminProof,
    wrong: Option<&'static str>,
) -> Result<Response, Stop> {
    let totp = factor::totp(&visitor.desk, proof).ok_or_else(Failure::unavailable)?;
    let layout = visitor.layout(DeskPlace::Elsewhere, "Set up your account");
    let issuer = layout.club.clone();
    let page = SetUpPage {
        layout,
        name: proof.admin.name.clone(),
        role: proof.admin.role.text(),
        secret: totp.groups(),
        url: totp.url(&issuer),
        wrong,
        min_password: MIN_PASSWORD,
    };
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok(visitor.page_with(status, &page))
}

/// Characters of the shortest password.
const MIN_PASSWORD: usize = 12;
const SHORT: &str = "The password is too short: expected 12 characters or more.";
const LONG: &str = "The password is too long: expected 1024 bytes at most.";
const DIFFERENT: &str = "The two passwords are different. Type the same one twice.";
const WRONG_CODE: &str = "The code is wrong. Type the code that your app shows now; the clock of \
                          your phone must be right.";
const USED_UP: &str = "It was used already, is older than a day, or was replaced by another. \
                       `usher admin reset NAME` prints a new one.";
