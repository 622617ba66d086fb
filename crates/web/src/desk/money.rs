//! `/orders`, `/checkouts`, `/vouchers` and `/ledger`: what was sold, how it was paid, and the books.

use api::checkout::CheckoutView;
use api::ledger::JournalEntry;
use api::order::OrderView;
use api::voucher::VoucherView;
use axum::extract::Query;
use axum::http::Method;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::layout::DeskPlace;
use super::stop::Stop;
use super::table::{Cell, DeskRow, Filter, Tab, TableColumn, TablePage, path};
use super::visitor::AdminVisitor;
use super::words::{at, maybe, money, product, worth};

/// What narrows a table of money.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct MoneyAsked {
    search: String,
    state: String,
    kind: String,
    after: String,
}

/// The orders, the last first.
pub(super) async fn orders(
    own: AdminVisitor,
    Query(MoneyAsked { search, state, after, .. }): Query<MoneyAsked>,
) -> Result<Response, Stop> {
    let narrowed = [("search", search.as_str()), ("state", &state)];
    let query = [&narrowed[..], &[("newest", "true"), ("after", &after)]].concat();
    let found = own.calls().list::<OrderView>(&["orders"], &query).await?;
    let next = next("/orders", &narrowed, found.next);
    let mut visitor = own.visitor;
    let page = TablePage {
        layout: visitor.layout(DeskPlace::Money, "Orders"),
        lead: "",
        tabs: tabs("/orders"),
        filters: vec![
            Filter::text("search", "Number, e-mail address, or a provider's id", &search),
            Filter::choice(
                "state",
                "State",
                &state,
                &[
                    ("", "Any"),
                    ("paid", "Paid"),
                    ("pending", "Pending"),
                    ("partly_refunded", "Partly refunded"),
                    ("refunded", "Refunded"),
                    ("disputed", "Disputed"),
                    ("cancelled", "Cancelled"),
                ],
            ),
        ],
        notice: None,
        caption: "Orders",
        columns: vec![
            TableColumn::number("Number"),
            TableColumn::text("Placed"),
            TableColumn::text("Product"),
            TableColumn::text("Buyer"),
            TableColumn::text("State"),
            TableColumn::number("Amount"),
        ],
        rows: found.rows.into_iter().map(order).collect(),
        empty: "No order is like that.",
        next,
        total: found.total,
        bulk: None,
        export: None,
    };
    Ok(visitor.page(&page))
}

fn order(order: OrderView) -> DeskRow {
    let buyer = match (&order.member, &order.email) {
        (Some(member), _) => Cell::link(&*member.name, format!("/members/{}", member.id)),
        (None, email) => Cell::text(email.clone().unwrap_or_default()),
    };
    DeskRow::of(vec![
        Cell::number(order.id.to_string()),
        Cell::text(at(order.created)),
        Cell::text(product(&order.product)),
        buyer,
        Cell::text(&*order.state).bad_if(order.state == "disputed"),
        Cell::number(money(&order.amount)),
    ])
}

/// The checkouts, the last first.
pub(super) async fn checkouts(
    own: AdminVisitor,
    Query(MoneyAsked { search, after, .. }): Query<MoneyAsked>,
) -> Result<Response, Stop> {
    let narrowed = [("search", search.as_str())];
    let query = [&narrowed[..], &[("newest", "true"), ("after", &after)]].concat();
    let found = own.calls().list::<CheckoutView>(&["checkouts"], &query).await?;
    let next = next("/checkouts", &narrowed, found.next);
    let mut visitor = own.visitor;
    let page = TablePage {
        layout: visitor.layout(DeskPlace::Money, "Checkouts"),
        lead: "Attempts to pay at a provider.",
        tabs: tabs("/checkouts"),
        filters: vec![Filter::text("search", "Number, or a provider's id", &search)],
        notice: None,
        caption: "Checkouts",
        columns: vec![
            TableColumn::number("Number"),
            TableColumn::text("Begun"),
            TableColumn::text("Provider"),
            TableColumn::text("Product"),
            TableColumn::text("Buyer"),
            TableColumn::text("State"),
            TableColumn::number("Amount"),
        ],
        rows: found.rows.into_iter().map(checkout).collect(),
        empty: "No checkout is like that.",
        next,
        total: found.total,
        bulk: None,
        export: None,
    };
    Ok(visitor.page(&page))
}

fn checkout(checkout: CheckoutView) -> DeskRow {
    let buyer = checkout.member.map(|member| member.name).or(checkout.email);
    DeskRow::of(vec![
        Cell::number(checkout.id.to_string()),
        Cell::text(at(checkout.created)),
        Cell::text(checkout.provider),
        Cell::text(product(&checkout.product)),
        Cell::text(buyer.unwrap_or_default()),
        Cell::text(checkout.state),
        Cell::number(money(&checkout.amount)),
    ])
}

/// The vouchers, the last first.
pub(super) async fn vouchers(
    own: AdminVisitor,
    Query(MoneyAsked { state, after, .. }): Query<MoneyAsked>,
) -> Result<Response, Stop> {
    let narrowed = [("state", state.as_str())];
    let query = [&narrowed[..], &[("newest", "true"), ("after", &after)]].concat();
    let found = own.calls().list::<VoucherView>(&["vouchers"], &query).await?;
    let next = next("/vouchers", &narrowed, found.next);
    let mut visitor = own.visitor;
    let page = TablePage {
        layout: visitor.layout(DeskPlace::Money, "Vouchers"),
        lead: "Codes are shown once, when they are issued.",
        tabs: tabs("/vouchers"),
        filters: vec![Filter::choice(
            "state",
            "State",
            &state,
            &[
                ("", "Any"),
                ("issued", "Not used"),
                ("redeemed", "Used"),
                ("expired", "Expired"),
                ("void", "Void"),
            ],
        )],
        notice: None,
        caption: "Vouchers",
        columns: vec![
            TableColumn::number("Number"),
            TableColumn::text("Worth"),
            TableColumn::text("State"),
            TableColumn::text("Member"),
            TableColumn::text("Until"),
        ],
        rows: found.rows.into_iter().map(voucher).collect(),
        empty: "No voucher is like that.",
        next,
        total: found.total,
        bulk: None,
        export: Some("/vouchers.csv"),
    };
    Ok(visitor.page(&page))
}

fn voucher(voucher: VoucherView) -> DeskRow {
    DeskRow::of(vec![
        Cell::number(voucher.id.to_string()),
        Cell::text(worth(&voucher.worth)),
        Cell::text(voucher.state),
        Cell::text(voucher.member.map(|member| member.name).unwrap_or_default()),
        Cell::text(maybe(voucher.until)),
    ])
}

/// All vouchers, used and unused, as a table for a spreadsheet.
pub(super) async fn vouchers_csv(own: AdminVisitor) -> Result<Response, Stop> {
    let table = own.calls().file(Method::GET, &["vouchers.csv"]).await?;
    let head = [
        (CONTENT_TYPE, "text/csv; charset=utf-8"),
        (CONTENT_DISPOSITION, "attachment; filename=\"vouchers.csv\""),
        (CACHE_CONTROL, "private, no-store"),
    ];
    Ok((head, table).into_response())
}

/// The journal, the last entry first.
pub(super) async fn ledger(
    own: AdminVisitor,
    Query(MoneyAsked { kind, after, .. }): Query<MoneyAsked>,
) -> Result<Response, Stop> {
    let narrowed = [("kind", kind.as_str())];
    let query = [&narrowed[..], &[("newest", "true"), ("after", &after)]].concat();
    let found = own.calls().list::<JournalEntry>(&["ledger", "journal"], &query).await?;
    let next = next("/ledger", &narrowed, found.next);
    let mut visitor = own.visitor;
    let page = TablePage {
        layout: visitor.layout(DeskPlace::Money, "Ledger"),
        lead: "Entries of the journal. The postings of each sum to 0.",
        tabs: tabs("/ledger"),
        filters: vec![Filter::text("kind", "Kind, such as topup", &kind)],
        notice: None,
        caption: "Journal",
        columns: ["Number", "Time", "Kind", "Who", "Memo", "Postings"]
            .map(TableColumn::text)
            .into(),
        rows: found.rows.into_iter().map(entry).collect(),
        empty: "No entry is like that.",
        next,
        total: found.total,
        bulk: None,
        export: None,
    };
    Ok(visitor.page(&page))
}

fn entry(entry: JournalEntry) -> DeskRow {
    let posting = |posting: &api::ledger::PostingView| {
        format!("{} {}", posting.account, money(&posting.amount))
    };
    let postings: Vec<_> = entry.postings.iter().map(posting).collect();
    DeskRow::of(vec![
        Cell::text(entry.id.to_string()),
        Cell::text(at(entry.at)),
        Cell::text(entry.kind),
        Cell::text(entry.who),
        Cell::text(entry.memo),
        Cell::text(postings.join("; ")),
    ])
}

fn next(page: &str, narrowed: &[(&str, &str)], next: Option<String>) -> Option<String> {
    next.map(|next| path(page, &[narrowed, &[("after", &next)]].concat()))
}

fn tabs(here: &str) -> Vec<Tab> {
    let all = [
        ("/orders", "Orders"),
        ("/checkouts", "Checkouts"),
        ("/vouchers", "Vouchers"),
        ("/ledger", "Ledger"),
    ];
    all.map(|(path, text)| Tab { path, text, is_here: path == here }).into()
}
