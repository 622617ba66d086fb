//! `/`: what is offered.

use askama::Template;
use axum::response::Response;

use super::layout::{Layout, Section};
use super::visitor::Visitor;

#[derive(Template)]
#[template(path = "catalogue.html")]
struct CataloguePage {
    layout: Layout,
}

pub(super) async fn show(visitor: Visitor) -> Response {
    let description = visitor.look.tagline.clone();
    let layout = visitor.layout(Section::Catalogue, "").public("/", &description);
    visitor.page(&CataloguePage { layout })
}
