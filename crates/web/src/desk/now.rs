//! `/`: what is going on.

use std::sync::Arc;

use askama::Template;
use axum::response::Response;

use super::layout::{DeskLayout, DeskPlace};
use super::stop::Stop;
use super::visitor::AdminVisitor;
use super::words::moment;

#[derive(Template)]
#[template(path = "desk/now.html")]
struct NowPage {
    layout: DeskLayout,
    was_it_you: Option<WasItYou>,
}

/// Vain attempts to sign in as whoever looks.
struct WasItYou {
    times: usize,
    last: String,
    address: String,
}

/// Shows it.
pub(super) async fn show(own: AdminVisitor) -> Result<Response, Stop> {
    let AdminVisitor { mut visitor, admin } = own;
    let desk = Arc::clone(&visitor.desk);
    let since = desk.now_unix().saturating_sub(DAY);
    let attempts = desk.site.club.vain_attempts(Some(admin.id), since).await?;
    let was_it_you = attempts.first().map(|last| WasItYou {
        times: attempts.len(),
        last: moment(last.at),
        address: last.address.clone(),
    });
    let layout = visitor.layout(DeskPlace::Now, "Now");
    Ok(visitor.page(&NowPage { layout, was_it_you }))
}

const DAY: u32 = 86_400;
