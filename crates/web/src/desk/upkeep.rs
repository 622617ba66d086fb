//! `/alerts`, `/audit` and `/admins`: what somebody should look at, who changed what, and who may.

use api::admin::AdminView;
use api::alert::{AlertView, AuditView};
use axum::extract::{Path, Query};
use axum::http::Method;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::form::{ButtonOnly, DeskForm};
use super::layout::DeskPlace;
use super::stop::Stop;
use super::table::{Cell, DeskRow, Filter, Tab, TableColumn, TablePage, path};
use super::visitor::AdminVisitor;
use super::words::{at, maybe};

/// What narrows a table.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct UpkeepAsked {
    member: String,
    item: String,
    who: String,
    what: String,
    after: String,
}

/// The open alerts.
pub(super) async fn alerts(
    own: AdminVisitor,
    Query(UpkeepAsked { after, .. }): Query<UpkeepAsked>,
) -> Result<Response, Stop> {
    let found = own.calls().list::<AlertView>(&["alerts"], &[("after", &after)]).await?;
    let may_change = own.admin.role != club::AdminRole::ReadOnly;
    let row = |alert: AlertView| {
        let about = match (&alert.item, &alert.member) {
            (Some(item), _) => Cell::link(&*item.name, format!("/items/{}", item.name)),
            (None, Some(member)) => Cell::link(&*member.name, format!("/members/{}", member.id)),
            (None, None) => Cell::default(),
        };
        let ack = format!("/alerts/{}/ack", alert.id);
        let button =
            (may_change && alert.acked.is_none()).then_some((ack, "Acknowledge", "/alerts"));
        DeskRow {
            name: format!("alert-{}", alert.id),
            ..DeskRow::of(vec![
                Cell::text(alert.kind),
                about,
                Cell::text(alert.evidence),
                Cell::number(alert.times.to_string()),
                Cell::text(at(alert.last)),
                Cell { button, ..Cell::text(maybe(alert.acked)) },
            ])
        }
    };
    let next = found.next.map(|next| path("/alerts", &[("after", &next)]));
    let mut visitor = own.visitor;
    let page = TablePage {
        layout: visitor.layout(DeskPlace::Upkeep, "Alerts"),
        lead: "None of them changes what a member may do.",
        tabs: tabs("/alerts"),
        filters: Vec::new(),
        notice: None,
        caption: "Alerts",
        columns: vec![
            TableColumn::text("Kind"),
            TableColumn::text("About"),
            TableColumn::text("What was seen"),
            TableColumn::number("Times"),
            TableColumn::text("Last"),
            TableColumn::text("Acknowledged"),
        ],
        rows: found.rows.into_iter().map(row).collect(),
        empty: "No alert is open.",
        next,
        total: found.total,
        bulk: None,
        export: None,
    };
    Ok(visitor.page(&page))
}

/// Acknowledges an alert.
pub(super) async fn acknowledge(
    Path(alert): Path<u32>,
    DeskForm { visitor, .. }: DeskForm<ButtonOnly>,
) -> Result<Response, Stop> {
    let own = AdminVisitor::of(visitor)?;
    let id = alert.to_string();
    let answer = own.calls().send(Method::POST, &["alerts", &id, "ack"], None).await?;
    answer.document::<AlertView>()?;
    Ok(Redirect::to("/alerts").into_response())
}

/// The record of changes, the last first.
pub(super) async fn audit(
    own: AdminVisitor,
    Query(asked): Query<UpkeepAsked>,
) -> Result<Response, Stop> {
    let UpkeepAsked { member, item, who, what, after } = asked;
    let narrowed = [("member", member.as_str()), ("item", &item), ("who", &who), ("what", &what)];
    let query = [&narrowed[..], &[("newest", "true"), ("after", &after)]].concat();
    let found = own.calls().list::<AuditView>(&["audit"], &query).await?;
    let next =
        found.next.map(|next| path("/audit", &[&narrowed[..], &[("after", &next)]].concat()));
    let mut visitor = own.visitor;
    let page = TablePage {
        layout: visitor.layout(DeskPlace::Upkeep, "Audit"),
        lead: "Who changed what, and when.",
        tabs: tabs("/audit"),
        filters: vec![
            Filter::text("member", "Member", &member),
            Filter::text("item", "Item", &item),
            Filter::text("who", "Who", &who),
            Filter::text("what", "What, such as member.tier", &what),
        ],
        notice: None,
        caption: "Record of changes",
        columns: ["Time", "Who", "What", "Member", "Item", "Detail"].map(TableColumn::text).into(),
        rows: found.rows.into_iter().map(change).collect(),
        empty: "No change is like that.",
        next,
        total: found.total,
        bulk: None,
        export: None,
    };
    Ok(visitor.page(&page))
}

fn change(change: AuditView) -> DeskRow {
    let member = change.member.map_or_else(Cell::default, |member| {
        Cell::link(member.name, format!("/members/{}", member.id))
    });
    DeskRow::of(vec![
        Cell::text(at(change.at)),
        Cell::text(change.who),
        Cell::text(change.what),
        member,
        Cell::text(change.item.map(|item| item.name).unwrap_or_default()),
        Cell::text(change.detail),
    ])
}

/// The admins.
pub(super) async fn admins(own: AdminVisitor) -> Result<Response, Stop> {
    if own.admin.role != club::AdminRole::Owner {
        return Err(Stop::role(own.admin.role));
    }
    let found = own.calls().list::<AdminView>(&["admins"], &[]).await?;
    let row = |admin: AdminView| {
        let button = (format!("/admins/{}/remove", admin.name), "Remove", "/admins");
        DeskRow::of(vec![
            Cell::text(admin.name),
            Cell::text(admin.role),
            Cell::text(at(admin.created)),
            Cell::text(match admin.link_until {
                Some(until) => format!("link until {}", at(until)),
                None => format!("{} recovery codes", admin.recovery_codes),
            }),
            Cell { button: Some(button), ..Cell::default() },
        ])
    };
    let mut visitor = own.visitor;
    let page = TablePage {
        layout: visitor.layout(DeskPlace::Upkeep, "Admins"),
        lead: "`usher admin add` and `usher admin reset` print links.",
        tabs: tabs("/admins"),
        filters: Vec::new(),
        notice: None,
        caption: "Admins",
        columns: ["Name", "Role", "Added", "State", ""].map(TableColumn::text).into(),
        rows: found.rows.into_iter().map(row).collect(),
        empty: "There are none.",
        next: None,
        total: None,
        bulk: None,
        export: None,
    };
    Ok(visitor.page(&page))
}

/// Removes an admin.
pub(super) async fn remove_admin(
    Path(name): Path<String>,
    DeskForm { visitor, .. }: DeskForm<ButtonOnly>,
) -> Result<Response, Stop> {
    let own = AdminVisitor::of(visitor)?;
    let answer = own.calls().send(Method::DELETE, &["admins", &name], None).await?;
    answer.document::<AdminView>()?;
    Ok(Redirect::to("/admins").into_response())
}

fn tabs(here: &str) -> Vec<Tab> {
    let all = [("/alerts", "Alerts"), ("/audit", "Audit"), ("/admins", "Admins")];
    all.map(|(path, text)| Tab { path, text, is_here: path == here }).into()
}
