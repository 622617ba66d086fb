//! `/library.csv` and `/library.json`: the whole library, for a spreadsheet or another program.
//!
//! The file holds links with the member's key, so nobody keeps it on the way.

use axum::Json;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, HeaderName};
use axum::response::{IntoResponse, Response};
use club::OrderId;
use serde::Serialize;

use super::holdings::{Holding, HoldingSource, holdings};
use super::member_visitor::MemberVisitor;
use super::words::moment;
use crate::http::csv_line;
use crate::site::pages::failure::Failure;
use crate::site::pages::shown::title;

/// An item as it is exported.
#[derive(Serialize)]
pub(super) struct ExportedItem {
    name: String,
    title: String,
    subtitle: String,
    bytes: Option<u64>,
    source: &'static str,
    since: String,
    order: Option<u32>,
    page: String,
    torrent: String,
}

pub(in crate::site::pages) async fn csv(own: MemberVisitor) -> Result<Response, Failure> {
    let mut text = String::new();
    let header =
        ["name", "title", "subtitle", "bytes", "source", "since", "order", "page", "torrent"];
    text.push_str(&csv_line(&header.map(str::to_owned)));
    for item in export(&own).await? {
        let number =
            |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
        let ExportedItem { name, title, subtitle, since, page, torrent, .. } = item;
        let (bytes, order) = (number(item.bytes), number(item.order.map(u64::from)));
        let source = item.source.to_owned();
        let fields = [name, title, subtitle, bytes, source, since, order, page, torrent];
        text.push_str(&csv_line(&fields));
    }
    let kind = (CONTENT_TYPE, "text/csv; charset=utf-8");
    Ok((head("library.csv"), [kind], text).into_response())
}

pub(in crate::site::pages) async fn json(own: MemberVisitor) -> Result<Response, Failure> {
    Ok((head("library.json"), Json(export(&own).await?)).into_response())
}

/// All that a member may have.
pub(super) async fn export(own: &MemberVisitor) -> Result<Vec<ExportedItem>, Failure> {
    let site = &own.visitor.site;
    let token = site.links(|links| {
        links.download_token(own.member.id, site.club.key_generations(own.member.id))
    });
    let urls = site.urls();
    let describe = |held: Holding| ExportedItem {
        title: title(&held.item),
        subtitle: held.item.subtitle.clone(),
        bytes: held.item.size_bytes,
        source: held.source.word(),
        since: moment(held.since),
        order: match held.source {
            HoldingSource::Bought(OrderId(order)) => Some(order),
            _ => None,
        },
        page: format!("{}/items/{}", urls.site, held.item.name),
        torrent: site.links(|links| links.torrent(&token, &held.item.name)),
        name: held.item.name,
    };
    Ok(holdings(site, &own.member).await?.into_iter().map(describe).collect())
}

/// A file to save, which nobody keeps on the way.
pub(super) fn head(file: &'static str) -> [(HeaderName, String); 2] {
    [
        (CACHE_CONTROL, "private, no-store".to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{file}\"")),
    ]
}
