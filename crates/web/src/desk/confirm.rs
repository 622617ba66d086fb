//! `/confirm`: asks for the password or a code again, before what concerns money, tokens or admins.

use std::sync::Arc;

use askama::Template;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use club::{SecondFactor, WrongPart};
use serde::Deserialize;

use super::factor;
use super::form::DeskForm;
use super::layout::{DeskLayout, DeskPlace};
use super::stop::Stop;
use super::visitor::AdminVisitor;

#[derive(Template)]
#[template(path = "desk/confirm.html")]
struct ConfirmPage {
    layout: DeskLayout,
    back: String,
    is_wrong: bool,
}

#[derive(Deserialize)]
pub(super) struct BackQuery {
    #[serde(default)]
    back: String,
}

#[derive(Deserialize)]
pub(super) struct ConfirmFields {
    secret: String,
    #[serde(default)]
    back: String,
}

/// Asks.
pub(super) async fn ask(
    own: AdminVisitor,
    Query(BackQuery { back }): Query<BackQuery>,
) -> Response {
    page(own, back, false)
}

/// Takes the password, a code or a recovery code.
pub(super) async fn send(
    DeskForm { visitor, fields }: DeskForm<ConfirmFields>,
) -> Result<Response, Stop> {
    let own = AdminVisitor::of(visitor)?;
    let ConfirmFields { secret, back } = fields;
    let desk = Arc::clone(&own.visitor.desk);
    factor::limit(&own.visitor, &own.admin.name)?;
    let proof = desk.site.club.admin_proof(&own.admin.name).await?.ok_or(Stop::SignIn)?;
    let typed = factor::read(&desk, &proof, &secret);
    let is_right = match typed {
        Some(SecondFactor::Step(_)) => true,
        _ if factor::is_password(&desk, Some(&proof), secret).await? => {
            return confirmed(own, None, back).await;
        }
        Some(SecondFactor::Recovery(_)) => true,
        None => false,
    };
    if is_right {
        return confirmed(own, typed, back).await;
    }
    factor::note(&own.visitor, Some(own.admin.id), WrongPart::Password).await?;
    Ok(page(own, back, true))
}

async fn confirmed(
    own: AdminVisitor,
    factor: Option<SecondFactor>,
    back: String,
) -> Result<Response, Stop> {
    let desk = &own.visitor.desk;
    let sign_in = own.visitor.signed_in.as_ref().map(|signed_in| signed_in.id);
    let sign_in = sign_in.ok_or(Stop::SignIn)?;
    let stamp = desk.stamp_of(&own.admin);
    if desk.site.club.confirm_admin(&stamp, own.admin.id, sign_in, factor).await? {
        return Ok(Redirect::to(&own_path(&back)).into_response());
    }
    factor::note(&own.visitor, Some(own.admin.id), WrongPart::Code).await?;
    Ok(page(own, back, true))
}

/// A path of the dashboard; the overview for anything else.
fn own_path(back: &str) -> String {
    let is_path = back.starts_with('/') && !back.starts_with("//");
    let is_plain = back.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if is_path && is_plain { back.to_owned() } else { "/".to_owned() }
}

fn page(own: AdminVisitor, back: String, is_wrong: bool) -> Response {
    let mut visitor = own.visitor;
    let layout = visitor.layout(DeskPlace::Elsewhere, "Confirm that it is you");
    let status = if is_wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    visitor.page_with(status, &ConfirmPage { layout, back: own_path(&back), is_wrong })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_stays_on_the_dashboard() {
        for (back, expected) in [
            ("/events?after=3", "/events?after=3"),
            ("", "/"),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
            ("https://evil.example", "/"),
            ("/a\r\nb", "/"),
        ] {
            assert_eq!(own_path(back), expected);
        }
    }
}
