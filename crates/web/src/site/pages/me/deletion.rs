//! `/me/delete`: a member has the account deleted, after reading what that means and typing a word.
//!
//! It is the same erasure as the operator's. Deliberately absent: cancelling subscriptions, which stands in the account
//! and must be done before.

use std::sync::Arc;

use askama::Template;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, SET_COOKIE};
use axum::response::Response;
use club::Member;
use serde::Deserialize;

use super::done::done;
use super::member_visitor::{MemberVisitor, signed_in};
use super::subscriptions::is_any_running;
use crate::http::{Action, Actor};
use crate::site::pages::cookie;
use crate::site::pages::failure::Failure;
use crate::site::pages::form::CheckedForm;
use crate::site::pages::layout::{Layout, Section};
use crate::site::pages::price::money;
use crate::site::pages::signed_in::SIGN_IN_COOKIE;
use crate::site::pages::visitor::Visitor;
use crate::site::token::PRIVATE;

#[derive(Template)]
#[template(path = "me-delete.html")]
struct DeletePage {
    layout: Layout,
    token: String,
    word: &'static str,
    is_wrong: bool,
    /// What would be lost.
    balances: Vec<String>,
    /// Whether a subscription would be charged again.
    is_running: bool,
}

#[derive(Deserialize)]
pub(in crate::site::pages) struct DeleteFields {
    #[serde(default)]
    word: String,
}

pub(in crate::site::pages) async fn show(own: MemberVisitor) -> Result<Response, Failure> {
    page(own.visitor, &own.member, StatusCode::OK).await
}

pub(in crate::site::pages) async fn send(
    CheckedForm { mut visitor, fields }: CheckedForm<DeleteFields>,
) -> Result<Response, Failure> {
    let member = signed_in(&visitor)?;
    let site = Arc::clone(&visitor.site);
    let id = member.id.to_string();
    site.limits.check(Action::Guess, Actor::Account(&format!("delete {id}")))?;
    let is_typed = fields.word.trim().eq_ignore_ascii_case(WORD);
    if !is_typed || is_any_running(&visitor, &member).await? {
        return page(visitor, &member, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    // The record keeps no name of who is forgotten.
    site.club.erase_member(&site.stamp("the member"), &id).await?;
    visitor.signed_in = None;
    let mut response = done(visitor, "Your account is deleted", DELETED, ("/", "To the catalogue"));
    let gone = cookie::set(SIGN_IN_COOKIE, "", true, Some(0));
    let head = response.headers_mut();
    head.insert(CACHE_CONTROL, PRIVATE.1);
    head.extend(gone.map(|cookie| (SET_COOKIE, cookie)));
    Ok(response)
}

async fn page(
    mut visitor: Visitor,
    member: &Member,
    status: StatusCode,
) -> Result<Response, Failure> {
    let balances = visitor.site.club.balance(&member.id.to_string()).await?;
    let held = balances.into_iter().flat_map(|balance| [balance.prepaid, balance.credit]);
    let is_running = is_any_running(&visitor, member).await?;
    let page = DeletePage {
        layout: visitor.layout(Section::Me, "Delete your account"),
        token: visitor.form_token(),
        word: WORD,
        is_wrong: status != StatusCode::OK && !is_running,
        balances: held.filter(|amount| amount.minor > 0).map(money).collect(),
        is_running,
    };
    Ok(visitor.page_with(status, &page))
}

/// What is typed, in any case of letters.
const WORD: &str = "delete";
const DELETED: &str = "Your name, address and library are gone, and you are signed out everywhere. Clients with your \
                       passkey are refused from now on. The books keep your orders under a number.";
