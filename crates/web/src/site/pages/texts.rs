//! `/about`, `/terms` and `/privacy`: the publisher's own texts.

use askama::Template;
use axum::response::Response;

use super::failure::Failure;
use super::layout::{Layout, Section};
use super::visitor::Visitor;
use crate::catalog::description_html;

#[derive(Template)]
#[template(path = "text.html")]
struct TextPage {
    layout: Layout,
    /// HTML.
    text: String,
}

pub(super) async fn about(visitor: Visitor) -> Result<Response, Failure> {
    let markdown = visitor.look.appearance.texts.about.clone();
    show(visitor, "/about", "About", &markdown)
}

pub(super) async fn terms(visitor: Visitor) -> Result<Response, Failure> {
    let markdown = visitor.look.appearance.texts.terms.clone();
    show(visitor, "/terms", "Terms", &markdown)
}

pub(super) async fn privacy(visitor: Visitor) -> Result<Response, Failure> {
    let markdown = visitor.look.appearance.texts.privacy.clone();
    show(visitor, "/privacy", "Privacy", &markdown)
}

fn show(visitor: Visitor, path: &str, title: &str, markdown: &str) -> Result<Response, Failure> {
    if markdown.is_empty() {
        return Err(Failure::not_found());
    }
    let layout = visitor.layout(Section::Elsewhere, title).public(path, "");
    let page = TextPage { layout, text: description_html(markdown) };
    Ok(visitor.page(&page))
}
