//! What a form of a member did, and where to go on.

use askama::Template;
use axum::response::Response;

use crate::site::pages::layout::{Layout, Section};
use crate::site::pages::visitor::Visitor;

#[derive(Template)]
#[template(path = "done.html")]
struct DonePage<'a> {
    layout: Layout,
    lead: &'a str,
    /// Path of the page to go on with.
    back: &'a str,
    back_text: &'a str,
}

/// Says what was done; `back` is the path of a page and its name.
pub(super) fn done(visitor: Visitor, title: &str, lead: &str, back: (&str, &str)) -> Response {
    let (back, back_text) = back;
    let layout = visitor.layout(Section::Me, title);
    visitor.page(&DonePage { layout, lead, back, back_text })
}
