//! Balances and the books, over the admin API.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use club::{Amount, Currency};
use policy::MemberId;

use super::admin::{Admin, moment};
use super::error::ApiError;
use super::extract::{Body, Paging, Params};
use super::view::money;

pub(super) async fn top_up(
    State(admin): State<Arc<Admin>>,
    Path(member): Path<String>,
    Body(new): Body<money::NewTopup>,
) -> Result<(StatusCode, Json<money::Entry>), ApiError> {
    let amount = amount(&new.amount, &new.currency)?;
    if new.credit {
        let stamp = admin.stamp();
        let entry = admin.club.give_credit(&stamp, &new.key, &member, amount, &new.memo).await?;
        return Ok((StatusCode::CREATED, Json(entry.into())));
    }
    let topup = club::NewTopup { member, amount, provider: HAND.to_owned(), memo: new.memo };
    let entry = admin.club.topup(&admin.stamp(), &new.key, topup).await?;
    Ok((StatusCode::CREATED, Json(entry.into())))
}

pub(super) async fn balance(
    State(admin): State<Arc<Admin>>,
    Path(member): Path<String>,
) -> Result<Json<Vec<money::Balance>>, ApiError> {
    let balances = admin.club.balance(&member).await?;
    Ok(Json(balances.into_iter().map(money::Balance::from).collect()))
}

pub(super) async fn statement(
    State(admin): State<Arc<Admin>>,
    Path(member): Path<String>,
    Params(paging): Params<Paging>,
) -> Result<Json<Vec<money::Line>>, ApiError> {
    let lines = admin.club.statement(&member, paging.into()).await?;
    Ok(Json(lines.into_iter().map(money::Line::from).collect()))
}

pub(super) async fn journal(
    State(admin): State<Arc<Admin>>,
    Params(paging): Params<Paging>,
) -> Result<Json<Vec<money::Entry>>, ApiError> {
    let entries = admin.club.journal(paging.into()).await?;
    Ok(Json(entries.into_iter().map(money::Entry::from).collect()))
}

pub(super) async fn trial(
    State(admin): State<Arc<Admin>>,
) -> Result<Json<Vec<money::Trial>>, ApiError> {
    let trials = admin.club.trial().await?;
    Ok(Json(trials.into_iter().map(money::Trial::from).collect()))
}

/// An amount that somebody typed.
pub(super) fn amount(text: &str, currency: &str) -> Result<Amount, ApiError> {
    let parsed = Currency::parse(currency).and_then(|currency| Amount::parse(text, currency));
    parsed.map_err(|error| ApiError::unprocessable(error.to_string()))
}

impl From<club::Balance> for money::Balance {
    fn from(balance: club::Balance) -> Self {
        Self {
            currency: balance.prepaid.currency.code().to_owned(),
            prepaid: balance.prepaid.into(),
            credit: balance.credit.into(),
            owed: balance.owed.into(),
        }
    }
}

impl From<club::Entry> for money::Entry {
    fn from(entry: club::Entry) -> Self {
        let posting = |posting: club::Posting| money::Posting {
            account: posting.account,
            amount: posting.amount.into(),
        };
        Self {
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
}

impl From<club::Line> for money::Line {
    fn from(line: club::Line) -> Self {
        Self {
            number: line.number,
            entry: line.entry.0,
            at: moment(line.at),
            kind: line.kind,
            memo: line.memo,
            account: line.account,
            amount: line.amount.into(),
            balance: line.balance.into(),
        }
    }
}

impl From<club::Trial> for money::Trial {
    fn from(trial: club::Trial) -> Self {
        Self {
            currency: trial.currency.code().to_owned(),
            debits: trial.debits,
            credits: trial.credits,
            sum: trial.sum(),
        }
    }
}

/// Who holds what was paid by hand.
const HAND: &str = "hand";
