//! `/sitemap.xml` and `/robots.txt`: what search engines should find, and what they should leave alone.

use askama::Template;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::failure::Failure;
use super::visitor::Visitor;

#[derive(Template)]
#[template(path = "sitemap.xml", escape = "html")]
struct Sitemap {
    pages: Vec<PageEntry>,
}

struct PageEntry {
    url: String,
    changed: Option<String>,
}

/// The pages that are always there, and the items that were published last.
pub(super) async fn sitemap(visitor: Visitor) -> Result<Response, Failure> {
    let site = &visitor.look.site;
    let mut pages: Vec<PageEntry> = ["/", "/club", "/feeds"]
        .map(|path| PageEntry { url: format!("{site}{path}"), changed: None })
        .into();
    let newest = visitor.site.club.newest(MAX_ITEMS).await?;
    pages.extend(newest.iter().filter(|item| item.is_listed()).map(|item| PageEntry {
        url: format!("{site}/items/{}", item.name),
        changed: item.offer.as_ref().map(|offer| day(offer.published)),
    }));
    let xml = Sitemap { pages }.render().map_err(|_| Failure::unavailable())?;
    Ok(([(CONTENT_TYPE, "application/xml"), (CACHE_CONTROL, HOUR)], xml).into_response())
}

/// What holds somebody's secret, or is somebody's own, is nothing to search.
pub(super) async fn robots(visitor: Visitor) -> Response {
    let (site, home) = (&visitor.look.site, &visitor.look.home);
    let mut text = "User-agent: *\n".to_owned();
    for path in ["/d/", "/feed/", "/library", "/me", "/sign-in", "/t/", "/ws/"] {
        text.push_str(&format!("Disallow: {home}{path}\n"));
    }
    text.push_str(&format!("Sitemap: {site}/sitemap.xml\n"));
    ([(CONTENT_TYPE, "text/plain; charset=utf-8"), (CACHE_CONTROL, HOUR)], text).into_response()
}

fn day(unix: u32) -> String {
    let moment = Timestamp::from_second(unix.into()).unwrap_or_default();
    moment.to_zoned(TimeZone::UTC).date().to_string()
}

const HOUR: &str = "public, max-age=3600";
const MAX_ITEMS: u32 = 1000;
