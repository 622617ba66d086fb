//! `/feeds`: which feeds there are, and what to do with them.

use askama::Template;
use axum::response::Response;

use super::layout::{Layout, Section};
use super::visitor::Visitor;

#[derive(Template)]
#[template(path = "feeds.html")]
struct FeedsPage {
    layout: Layout,
    /// The public feed's URL.
    public: String,
}

pub(super) async fn show(visitor: Visitor) -> Response {
    let description = "What is new, in your torrent client or podcast app.";
    let layout = visitor.layout(Section::Feeds, "Feeds").public("/feeds", description);
    let public = format!("{}/feed/public.xml", visitor.look.site);
    visitor.page(&FeedsPage { layout, public })
}
