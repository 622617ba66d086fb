//! Signing in and out: by a link that is mailed, or by a link or a code that the publisher handed out.
//!
//! Opening a link changes nothing, as mail scanners open links; its button does. Whoever asks for a link gets the
//! same answer whether or not the address is a member's. Deliberately absent: passwords, and sign-ins without TLS.

use std::sync::Arc;

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::http::header::{HeaderMap, SET_COOKIE, USER_AGENT};
use axum::response::{IntoResponse, Redirect, Response};
use club::{Email, LinkOffer, LinkSecret, SecretToken, SignInCode, Subject};
use serde::Deserialize;

use super::cookie;
use super::failure::Failure;
use super::form::CheckedForm;
use super::layout::{Layout, Section};
use super::signed_in::{SIGN_IN_COOKIE, SIGN_IN_SECS};
use super::visitor::Visitor;
use crate::http::{Action, Actor};
use crate::mail::texts;
use crate::site::token::UNINDEXED;

#[derive(Template)]
#[template(path = "sign-in.html")]
struct SignInPage {
    layout: Layout,
    token: String,
    has_mail: bool,
    /// Who is signed in already.
    member: Option<String>,
    /// What was typed, where that can't be an address.
    wrong: Option<String>,
}

#[derive(Template)]
#[template(path = "sign-in-code.html")]
struct CodePage {
    layout: Layout,
    token: String,
    is_wrong: bool,
}

#[derive(Template)]
#[template(path = "sign-in-sent.html")]
struct SentPage {
    layout: Layout,
    to: String,
    minutes: u32,
}

#[derive(Template)]
#[template(path = "sign-in-link.html")]
struct LinkPage {
    layout: Layout,
    token: String,
    /// Where the form goes: the page's own path.
    path: String,
    member: String,
    address: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct AddressFields {
    email: String,
    /// `orders` asks for the links to all orders too.
    #[serde(default)]
    what: String,
}

#[derive(Deserialize)]
pub(super) struct CodeFields {
    code: String,
}

/// A form with a button alone.
#[derive(Deserialize)]
pub(super) struct NoFields {}

/// `/sign-in`: asks for an address, or says how one signs in where no mail is sent.
pub(super) async fn ask(mut visitor: Visitor) -> Result<Response, Failure> {
    check_trustworthy(&visitor)?;
    let token = visitor.form_token();
    Ok(address_page(visitor, token, None))
}

/// Mails a link, if the address is a member's.
pub(super) async fn send(
    CheckedForm { mut visitor, fields }: CheckedForm<AddressFields>,
) -> Result<Response, Failure> {
    check_trustworthy(&visitor)?;
    let Ok(email) = Email::parse(&fields.email) else {
        let token = visitor.form_token();
        return Ok(address_page(visitor, token, Some(fields.email)));
    };
    if !visitor.site.has_mail() {
        return Err(Failure::bad_request(NO_MAIL));
    }
    visitor.limit(Action::Message)?;
    let site = Arc::clone(&visitor.site);
    site.limits.check(Action::Message, Actor::Account(email.text()))?;
    let stamp = site.stamp(VISITOR);
    let to = email.text().to_owned();
    if fields.what == "orders" {
        site.club.request_orders(&stamp, email).await?;
    } else {
        let text = texts::sign_in(&site.masthead().title, &site.urls().site);
        site.club.request_link(&stamp, email, text).await?;
    }
    let layout = visitor.layout(Section::SignIn, "Check your mail");
    Ok(visitor.page(&SentPage { layout, to, minutes: club::MAILED_SECS / 60 }))
}

/// `/sign-in/code`: asks for a code.
pub(super) async fn ask_code(mut visitor: Visitor) -> Result<Response, Failure> {
    check_trustworthy(&visitor)?;
    let token = visitor.form_token();
    Ok(code_page(visitor, token, false))
}

/// Signs in by a code.
pub(super) async fn use_code(
    headers: HeaderMap,
    CheckedForm { mut visitor, fields }: CheckedForm<CodeFields>,
) -> Result<Response, Failure> {
    check_trustworthy(&visitor)?;
    visitor.limit(Action::Guess)?;
    let code = SignInCode::parse(&fields.code).map(LinkSecret::Code);
    let used = match code {
        Some(code) => use_secret(&visitor, &headers, code).await?,
        None => None,
    };
    if let Some(response) = used {
        return Ok(response);
    }
    let token = visitor.form_token();
    Ok(code_page(visitor, token, true))
}

/// `/sign-in/<token>`: says what a link does. Changes nothing.
pub(super) async fn show_link(
    Path(text): Path<String>,
    mut visitor: Visitor,
) -> Result<Response, Failure> {
    check_trustworthy(&visitor)?;
    let secret = link_secret(&text)?;
    let site = Arc::clone(&visitor.site);
    let offer = site.club.link_offer(&secret, site.now().unix).await?;
    let LinkOffer { member, address } = offer.ok_or_else(used_up)?;
    let page = LinkPage {
        layout: visitor.layout(Section::SignIn, "Sign in"),
        token: visitor.form_token(),
        path: format!("{}/sign-in/{text}", visitor.look.home),
        member: member.name,
        address: address.map(|address| address.text().to_owned()),
    };
    Ok(([UNINDEXED], visitor.page(&page)).into_response())
}

/// Uses a link.
pub(super) async fn use_link(
    Path(text): Path<String>,
    headers: HeaderMap,
    CheckedForm { visitor, .. }: CheckedForm<NoFields>,
) -> Result<Response, Failure> {
    check_trustworthy(&visitor)?;
    visitor.limit(Action::Guess)?;
    let secret = link_secret(&text)?;
    use_secret(&visitor, &headers, secret).await?.ok_or_else(used_up)
}

/// Ends this browser's sign-in.
pub(super) async fn sign_out(
    CheckedForm { visitor, .. }: CheckedForm<NoFields>,
) -> Result<Response, Failure> {
    let site = &visitor.site;
    if let Some(signed_in) = &visitor.signed_in {
        let subject = Subject::Member(signed_in.member.id);
        let stamp = site.stamp_of(&signed_in.member);
        match site.club.end_sign_in(&stamp, subject, signed_in.id).await {
            // It was ended from another browser meanwhile.
            Ok(()) | Err(club::Error::NoSignIn(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let mut response = Redirect::to(&format!("{}/", visitor.look.home)).into_response();
    let gone = cookie::set(SIGN_IN_COOKIE, "", true, Some(0));
    response.headers_mut().extend(gone.map(|cookie| (SET_COOKIE, cookie)));
    Ok(response)
}

/// Uses a link or a code, and gives the browser its cookie. Whoever was signed in on it before is
/// signed out.
async fn use_secret(
    visitor: &Visitor,
    headers: &HeaderMap,
    secret: LinkSecret,
) -> Result<Option<Response>, Failure> {
    let site = &visitor.site;
    let agent = headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    let (title, url) = (site.masthead().title.clone(), site.urls().site.clone());
    let notice = texts::address_changed(&title, &url);
    let stamp = site.stamp(VISITOR);
    let Some(used) = site.club.use_link(&stamp, secret, agent, notice).await? else {
        return Ok(None);
    };
    if let Some(before) = &visitor.signed_in {
        let subject = Subject::Member(before.member.id);
        // It may have been ended by the link.
        let _ = site.club.end_sign_in(&stamp, subject, before.id).await;
    }
    let home = &visitor.look.home;
    let mut response = Redirect::to(&format!("{home}/library")).into_response();
    let set = cookie::set(SIGN_IN_COOKIE, &used.token.expose(), true, Some(SIGN_IN_SECS));
    response.headers_mut().extend(set.map(|cookie| (SET_COOKIE, cookie)));
    Ok(Some(response))
}

/// Refuses signing in where others could read the cookie on its way.
fn check_trustworthy(visitor: &Visitor) -> Result<(), Failure> {
    if visitor.look.is_trustworthy {
        return Ok(());
    }
    Err(Failure::forbidden("Nobody can sign in here", NO_TLS))
}

fn link_secret(text: &str) -> Result<LinkSecret, Failure> {
    SecretToken::parse(text).map(LinkSecret::Token).ok_or_else(used_up)
}

/// A link that does nothing, whyever.
fn used_up() -> Failure {
    Failure::gone("This link does not work", USED_UP)
}

fn address_page(visitor: Visitor, token: String, wrong: Option<String>) -> Response {
    let layout = visitor.layout(Section::SignIn, "Sign in");
    let has_mail = visitor.site.has_mail();
    let status = status(wrong.is_some());
    let member = visitor.signed_in.as_ref().map(|signed_in| signed_in.member.name.clone());
    visitor.page_with(status, &SignInPage { layout, token, has_mail, member, wrong })
}

fn code_page(visitor: Visitor, token: String, is_wrong: bool) -> Response {
    let layout = visitor.layout(Section::SignIn, "Sign in with a code");
    visitor.page_with(status(is_wrong), &CodePage { layout, token, is_wrong })
}

fn status(is_wrong: bool) -> StatusCode {
    if is_wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK }
}

/// Who makes a change that nobody is signed in for.
const VISITOR: &str = "visitor";
const NO_MAIL: &str = "This site sends no mail. Ask the publisher for a sign-in code.";
const NO_TLS: &str = "This site is not on HTTPS, so others could read along and take over your \
                      library. Ask the publisher to put the site on HTTPS.";
const USED_UP: &str = "It was used already, is too old, or was made for another address. Links work \
                       once and for a short time: ask for another.";
