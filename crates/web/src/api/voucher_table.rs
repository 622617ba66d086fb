//! `/vouchers.csv`: all vouchers, used and unused, as a table for a spreadsheet.
//!
//! It is sent page by page, so that the daemon holds one page however many vouchers there are. A list that breaks off
//! ends the connection before its end, so nobody takes a part of it for the whole.

use std::sync::Arc;

use api::page::VoucherPage;
use api::query::{MAX_PAGE, VoucherQuery};
use api::voucher::VoucherView;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use futures_util::stream;

use super::admin::Admin;
use super::error::ApiError;
use super::extract::Params;
use crate::http::csv_line;

/// Returns all vouchers as CSV, used and unused.
#[utoipa::path(
    get,
    path = "/vouchers.csv",
    operation_id = "export_vouchers",
    tag = "vouchers",
    params(VoucherQuery),
    responses((status = 200, content_type = "text/csv; charset=utf-8", body = String)),
    security(("token" = ["money"]))
)]
pub(super) async fn csv(
    State(admin): State<Arc<Admin>>,
    Params(query): Params<VoucherQuery>,
) -> Result<Response, ApiError> {
    // The first page says whether there can be others.
    let query = VoucherQuery { limit: query.limit.or(Some(MAX_PAGE)), ..query };
    let first = admin.voucher_page(query.clone()).await?;
    let rest = Rest { admin, query, page: Some(first), is_first: true };
    let parts = stream::try_unfold(rest, |mut rest| async {
        Ok::<_, BrokenOff>(rest.part().await?.map(|part| (part, rest)))
    });
    let head = [(CONTENT_TYPE, "text/csv; charset=utf-8")];
    Ok((head, Body::from_stream(parts)).into_response())
}

/// What is still to be sent.
struct Rest {
    admin: Arc<Admin>,
    query: VoucherQuery,
    /// The page that is sent next; `None` after the last.
    page: Option<VoucherPage>,
    is_first: bool,
}

/// The list can't be read to its end.
#[derive(Debug, thiserror::Error)]
#[error("the vouchers cannot be read to the end")]
struct BrokenOff;

impl Rest {
    /// The lines of the next page, with the header before the first.
    async fn part(&mut self) -> Result<Option<String>, BrokenOff> {
        let Some(VoucherPage { vouchers, next }) = self.page.take() else { return Ok(None) };
        let mut text = String::new();
        if self.is_first {
            text.push_str(&csv_line(&COLUMNS.map(str::to_owned)));
            self.is_first = false;
        }
        if next.is_some() {
            self.query.after = next;
            let page = self.admin.voucher_page(self.query.clone()).await;
            self.page = Some(page.map_err(|_| BrokenOff)?);
        }
        for voucher in vouchers {
            text.push_str(&csv_line(&row(voucher)));
        }
        Ok(Some(text))
    }
}

fn row(voucher: VoucherView) -> [String; 11] {
    let VoucherView { id, worth, until, state, member, batch, gift } = voucher;
    let (amount, currency) =
        worth.money.map(|money| (money.amount, money.currency)).unwrap_or_default();
    [
        id.to_string(),
        state,
        amount,
        currency,
        worth.item.map(|item| item.name).unwrap_or_default(),
        worth.tier.unwrap_or_default(),
        worth.days.map(|days| days.to_string()).unwrap_or_default(),
        batch.to_string(),
        gift.map(|order| order.to_string()).unwrap_or_default(),
        until.map(|until| until.to_string()).unwrap_or_default(),
        member.map(|member| member.name).unwrap_or_default(),
    ]
}

const COLUMNS: [&str; 11] = [
    "voucher",
    "state",
    "amount",
    "currency",
    "item",
    "tier",
    "days",
    "batch",
    "gift_of_order",
    "until",
    "redeemed_by",
];
