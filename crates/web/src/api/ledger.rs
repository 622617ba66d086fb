//! Balances and the books, over the admin API.

use std::sync::Arc;

use api::ledger::{BalanceView, JournalEntry, PostingView, StatementLine, TopUp, TrialBalance};
use api::money::GivenAmount;
use api::page::{JournalPage, StatementPage};
use api::query::{JournalQuery, PageQuery};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use club::{Amount, Currency, EntryFilter, Listed};
use policy::MemberId;

use super::admin::{Admin, moment};
use super::error::ApiError;
use super::extract::{Body, Params, page, period};
pub(super) use super::money_view::money;

/// Adds money or store credit to the balance of a member.
#[utoipa::path(
    post,
    path = "/members/{member}/topups",
    operation_id = "top_up",
    tag = "ledger",
    params(("member" = String, Path)),
    request_body = TopUp,
    responses((status = 201, body = JournalEntry)),
    security(("token" = ["money"]))
)]
pub(super) async fn top_up(
    State(admin): State<Arc<Admin>>,
    Path(member): Path<String>,
    Body(new): Body<TopUp>,
) -> Result<(StatusCode, Json<JournalEntry>), ApiError> {
    let amount = amount(&new.amount, &new.currency)?;
    if new.credit {
        let stamp = admin.stamp();
        let entry = admin.club.give_credit(&stamp, &new.key, &member, amount, &new.memo).await?;
        return Ok((StatusCode::CREATED, Json(entry_view(entry))));
    }
    let topup = club::NewTopup { member, amount, provider: HAND.to_owned(), memo: new.memo };
    let entry = admin.club.topup(&admin.stamp(), &new.key, topup).await?;
    Ok((StatusCode::CREATED, Json(entry_view(entry))))
}

/// Returns the balance of a member in each currency.
#[utoipa::path(
    get,
    path = "/members/{member}/balance",
    operation_id = "show_balance",
    tag = "ledger",
    params(("member" = String, Path)),
    responses((status = 200, body = Vec<BalanceView>)),
    security(("token" = ["money"]))
)]
pub(super) async fn balance(
    State(admin): State<Arc<Admin>>,
    Path(member): Path<String>,
) -> Result<Json<Vec<BalanceView>>, ApiError> {
    let balances = admin.club.balance(&member).await?;
    Ok(Json(balances.into_iter().map(balance_view).collect()))
}

/// Lists the movements on the accounts of a member.
#[utoipa::path(
    get,
    path = "/members/{member}/statement",
    operation_id = "list_statement",
    tag = "ledger",
    params(("member" = String, Path), PageQuery),
    responses((status = 200, body = StatementPage)),
    security(("token" = ["money"]))
)]
pub(super) async fn statement(
    State(admin): State<Arc<Admin>>,
    Path(member): Path<String>,
    Params(PageQuery { after, limit }): Params<PageQuery>,
) -> Result<Json<StatementPage>, ApiError> {
    let member = admin.club.member(&member).await?.id;
    let found = admin.club.list_statement(member, &page(after, limit, None)?).await?;
    let Listed { rows: lines, next } = found.map(line_view);
    Ok(Json(StatementPage { lines, next }))
}

/// Lists the entries of the journal.
#[utoipa::path(
    get,
    path = "/ledger/journal",
    operation_id = "list_journal",
    tag = "ledger",
    params(JournalQuery),
    responses((status = 200, body = JournalPage)),
    security(("token" = ["money"]))
)]
pub(super) async fn journal(
    State(admin): State<Arc<Admin>>,
    Params(query): Params<JournalQuery>,
) -> Result<Json<JournalPage>, ApiError> {
    let JournalQuery { key, member, kind, from, to, newest, after, limit } = query;
    let (from, until) = period(from, to);
    let member = admin.wanted_member(member.as_deref()).await?;
    let filter = EntryFilter { key, member, kind, from, until };
    let found = admin.club.list_entries(&filter, &page(after, limit, newest)?).await?;
    let Listed { rows: entries, next } = found.map(entry_view);
    Ok(Json(JournalPage { entries, next }))
}

/// Returns the sums of all postings in each currency.
#[utoipa::path(
    get,
    path = "/ledger/trial",
    operation_id = "show_trial_balance",
    tag = "ledger",
    responses((status = 200, body = Vec<TrialBalance>)),
    security(("token" = ["money"]))
)]
pub(super) async fn trial(
    State(admin): State<Arc<Admin>>,
) -> Result<Json<Vec<TrialBalance>>, ApiError> {
    let trials = admin.club.trial().await?;
    Ok(Json(trials.into_iter().map(trial_view).collect()))
}

/// An amount that a request gives.
pub(super) fn amount(given: &GivenAmount, currency: &str) -> Result<Amount, ApiError> {
    let parsed = Currency::parse(currency).and_then(|currency| match given {
        GivenAmount::Decimal(text) => Amount::parse(text, currency),
        // Its decimal has the limits of what people type.
        GivenAmount::Minor(minor) => Amount::parse(&currency.minor(*minor).decimal(), currency),
    });
    parsed.map_err(|error| ApiError::unprocessable(error.to_string()))
}

fn balance_view(balance: club::Balance) -> BalanceView {
    BalanceView {
        currency: balance.prepaid.currency.code().to_owned(),
        prepaid: money(balance.prepaid),
        credit: money(balance.credit),
        owed: money(balance.owed),
    }
}

/// An entry of the journal as JSON.
pub(super) fn entry_view(entry: club::Entry) -> JournalEntry {
    let posting = |posting: club::Posting| PostingView {
        account: posting.account,
        amount: money(posting.amount),
    };
    JournalEntry {
        id: entry.id.0,
        key: entry.key,
        kind: entry.kind,
        member: entry.member.map(MemberId::value),
        reverses: entry.reverses.map(|reversed| reversed.0),
        at: moment(entry.at),
        who: entry.who,
        memo: entry.memo,
        postings: entry.postings.into_iter().map(posting).collect(),
    }
}

fn line_view(line: club::Line) -> StatementLine {
    StatementLine {
        number: line.number,
        entry: line.entry.0,
        at: moment(line.at),
        kind: line.kind,
        memo: line.memo,
        account: line.account,
        amount: money(line.amount),
        balance: money(line.balance),
    }
}

fn trial_view(trial: club::Trial) -> TrialBalance {
    TrialBalance {
        currency: trial.currency.code().to_owned(),
        debits: trial.debits,
        credits: trial.credits,
        sum: trial.sum(),
    }
}

/// The provider's name for money that was paid by hand.
const HAND: &str = "hand";
