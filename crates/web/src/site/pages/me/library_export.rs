//! `/library.csv` and `/library.json`: the whole library, for a spreadsheet or another program.
//!
//! The file holds links with the member's key, so nobody keeps it on the way. CSV is a few lines in place of a crate:
//! every field is quoted (RFC 4180).

use axum::Json;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, HeaderName};
use axum::response::{IntoResponse, Response};
use club::OrderId;
use serde::Serialize;

use super::holdings::{Holding, HoldingSource, holdings};
use super::member_visitor::MemberVisitor;
use super::words::moment;
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
    write_line(&mut text, &header.map(str::to_owned));
    for item in export(&own).await? {
        let number =
            |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
        let ExportedItem { name, title, subtitle, since, page, torrent, .. } = item;
        let (bytes, order) = (number(item.bytes), number(item.order.map(u64::from)));
        let source = item.source.to_owned();
        write_line(&mut text, &[name, title, subtitle, bytes, source, since, order, page, torrent]);
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

fn write_line<const N: usize>(text: &mut String, fields: &[String; N]) {
    let quoted = fields.each_ref().map(|field| quote(field));
    text.push_str(&quoted.join(","));
    text.push_str("\r\n");
}

/// A field in quotes. A spreadsheet must not take a title for a formula.
fn quote(field: &str) -> String {
    let guard = if field.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    format!("\"{guard}{}\"", field.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_quoted_and_none_is_a_formula() {
        for (field, expected) in [
            ("a", "\"a\""),
            ("", "\"\""),
            ("a \"b\", c\nd", "\"a \"\"b\"\", c\nd\""),
            ("=1+1", "\"'=1+1\""),
            ("@a", "\"'@a\""),
        ] {
            assert_eq!(quote(field), expected);
        }
    }
}
