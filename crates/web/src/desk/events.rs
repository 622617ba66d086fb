//! `/events`: what payment providers sent, what became of it, and having it heard again.

use api::event::{EventDetail, EventView, Replayed};
use askama::Template;
use axum::extract::{Path, Query};
use axum::http::Method;
use axum::response::Response;
use serde::Deserialize;

use super::form::{ButtonOnly, DeskForm};
use super::layout::{DeskLayout, DeskPlace};
use super::stop::Stop;
use super::table::{Cell, DeskRow, Filter, TableColumn, TablePage, path};
use super::visitor::AdminVisitor;
use super::words::at;

/// What narrows the table.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct EventsAsked {
    search: String,
    verdict: String,
    after: String,
}

#[derive(Template)]
#[template(path = "desk/event.html")]
struct DeskEventPage {
    layout: DeskLayout,
    event: EventDetail,
    received: String,
    replayed: Option<Replayed>,
}

/// The table.
pub(super) async fn list(
    own: AdminVisitor,
    Query(EventsAsked { search, verdict, after }): Query<EventsAsked>,
) -> Result<Response, Stop> {
    let narrowed = [("search", search.as_str()), ("verdict", &verdict)];
    let query = [&narrowed[..], &[("newest", "true"), ("after", &after)]].concat();
    let found = own.calls().list::<EventView>(&["events"], &query).await?;
    let next =
        found.next.map(|next| path("/events", &[&narrowed[..], &[("after", &next)]].concat()));
    let mut visitor = own.visitor;
    let page = TablePage {
        layout: visitor.layout(DeskPlace::Events, "Events"),
        lead: "What payment providers sent, and what became of it.",
        tabs: Vec::new(),
        filters: vec![
            Filter::text("search", "Number, or a provider's id", &search),
            Filter::choice(
                "verdict",
                "Verdict",
                &verdict,
                &[
                    ("", "Any"),
                    ("applied", "Applied"),
                    ("held", "Held"),
                    ("ignored", "Ignored"),
                    ("forged", "Forged"),
                    ("malformed", "Malformed"),
                    ("oversized", "Oversized"),
                    ("stale", "Stale"),
                ],
            ),
        ],
        notice: None,
        caption: "Events",
        columns: ["Number", "Received", "Provider", "What", "Verdict", "Effect"]
            .map(TableColumn::text)
            .into(),
        rows: found.rows.into_iter().map(row).collect(),
        empty: "No event is like that.",
        next,
        total: found.total,
        bulk: None,
        export: None,
    };
    Ok(visitor.page(&page))
}

fn row(event: EventView) -> DeskRow {
    let is_bad = !matches!(event.verdict.as_str(), "applied" | "ignored");
    DeskRow::of(vec![
        Cell::link(event.id.to_string(), format!("/events/{}", event.id)),
        Cell::text(at(event.received)),
        Cell::text(event.provider),
        Cell::text(event.kind),
        Cell::text(event.verdict).bad_if(is_bad),
        Cell::text(event.effect),
    ])
}

/// One event.
pub(super) async fn show(own: AdminVisitor, Path(event): Path<u32>) -> Result<Response, Stop> {
    page(own, event, None).await
}

/// Has an event heard again.
pub(super) async fn replay(
    Path(event): Path<u32>,
    DeskForm { visitor, .. }: DeskForm<ButtonOnly>,
) -> Result<Response, Stop> {
    let own = AdminVisitor::of(visitor)?;
    let id = event.to_string();
    let answer = own.calls().send(Method::POST, &["events", &id, "replay"], None).await?;
    let replayed = answer.document()?;
    page(own, event, Some(replayed)).await
}

async fn page(own: AdminVisitor, event: u32, replayed: Option<Replayed>) -> Result<Response, Stop> {
    let event: EventDetail = own.calls().get(&["events", &event.to_string()], &[]).await?;
    let mut visitor = own.visitor;
    let layout = visitor.layout(DeskPlace::Events, format!("Event {}", event.event.id));
    let received = at(event.event.received);
    Ok(visitor.page(&DeskEventPage { layout, event, received, replayed }))
}
