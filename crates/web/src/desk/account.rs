//! `/account`: an admin's own sign-ins, recovery codes, and vain attempts to sign in as them.

use std::sync::Arc;

use askama::Template;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use club::{SignInId, Subject, VainAttempt, WrongPart};

use super::form::{ButtonOnly, DeskForm};
use super::layout::{DeskLayout, DeskPlace};
use super::set_up::CodesPage;
use super::stop::Stop;
use super::visitor::AdminVisitor;
use super::words::moment;
use crate::site::Failure;

#[derive(Template)]
#[template(path = "desk/account.html")]
struct AccountPage {
    layout: DeskLayout,
    name: String,
    role: &'static str,
    recovery_codes: u32,
    sign_ins: Vec<BrowserRow>,
    attempts: Vec<AttemptRow>,
}

struct BrowserRow {
    id: u32,
    agent: String,
    created: String,
    used: String,
    is_here: bool,
}

struct AttemptRow {
    at: String,
    address: String,
    wrong: &'static str,
}

/// Shows it.
pub(super) async fn show(own: AdminVisitor) -> Result<Response, Stop> {
    let AdminVisitor { mut visitor, admin } = own;
    let desk = Arc::clone(&visitor.desk);
    let now = desk.now_unix();
    let here = visitor.signed_in.as_ref().map(|signed_in| signed_in.id);
    let sign_ins = desk.site.club.sign_ins_of(Subject::Admin(admin.id), now).await?;
    let sign_ins = sign_ins.into_iter().map(|sign_in| BrowserRow {
        id: sign_in.id.0,
        agent: sign_in.agent,
        created: moment(sign_in.created),
        used: moment(sign_in.used),
        is_here: Some(sign_in.id) == here,
    });
    let since = now.saturating_sub(SHOWN_SECS);
    let attempts = desk.site.club.vain_attempts(Some(admin.id), since).await?;
    let page = AccountPage {
        layout: visitor.layout(DeskPlace::Account, "Your account"),
        role: admin.role.text(),
        recovery_codes: admin.recovery_codes,
        sign_ins: sign_ins.collect(),
        attempts: attempts.into_iter().map(attempt_row).collect(),
        name: admin.name,
    };
    Ok(visitor.page(&page))
}

/// Ends one of the admin's sign-ins.
pub(super) async fn end_sign_in(
    Path(id): Path<u32>,
    DeskForm { visitor, .. }: DeskForm<ButtonOnly>,
) -> Result<Response, Stop> {
    let AdminVisitor { visitor, admin } = AdminVisitor::of(visitor)?;
    let stamp = visitor.desk.stamp_of(&admin);
    let subject = Subject::Admin(admin.id);
    match visitor.desk.site.club.end_sign_in(&stamp, subject, SignInId(id)).await {
        Err(club::Error::NoSignIn(_)) => return Err(Failure::not_found().into()),
        ended => ended?,
    }
    Ok(Redirect::to("/account").into_response())
}

/// Replaces the recovery codes.
pub(super) async fn renew_codes(
    DeskForm { visitor, .. }: DeskForm<ButtonOnly>,
) -> Result<Response, Stop> {
    let AdminVisitor { mut visitor, admin } = AdminVisitor::of(visitor)?;
    let stamp = visitor.desk.stamp_of(&admin);
    let codes = visitor.desk.site.club.renew_admin_codes(&stamp, admin.id).await?;
    let layout = visitor.layout(DeskPlace::Account, "Your recovery codes");
    let codes = codes.iter().map(ToString::to_string).collect();
    Ok(visitor.page(&CodesPage { layout, is_new: false, codes }))
}

fn attempt_row(attempt: VainAttempt) -> AttemptRow {
    AttemptRow {
        at: moment(attempt.at),
        address: attempt.address,
        wrong: match attempt.wrong {
            WrongPart::Code => "The password was right, the code wrong",
            WrongPart::Name => "Nobody has the name",
            WrongPart::Password => "The password was wrong",
        },
    }
}

/// Attempts of so many seconds are shown.
const SHOWN_SECS: u32 = 30 * 86_400;
