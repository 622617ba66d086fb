//! What members pay in, and what is taken back.
//!
//! A member that owes pays the debt first. What a provider takes back is gone whether or not the
//! member has spent it: what the balance does not cover is owed from then on.

use policy::{MemberId, MemberState};

use crate::ledger::account::Account;
use crate::ledger::journal::{self, EntryRequest, NewEntry, balance, negated, post};
use crate::ledger::statement::{self, Entry};
use crate::members::member;
use crate::store::club::Club;
use crate::store::sql::Connection;
use crate::store::tx::Tx;
use crate::values::error::Error;
use crate::values::ids::EntryId;
use crate::values::money::{Amount, Currency, MoneyError};
use crate::values::stamp::Stamp;
use crate::values::text::check_line;

/// A payment into a member's balance.
#[derive(Clone, Debug)]
pub struct NewTopup {
    /// Who is paid for, by name or id.
    pub member: String,
    /// More than nothing.
    pub amount: Amount,
    /// Who holds the money: a provider's name, or `hand`.
    pub provider: String,
    /// For people.
    pub memo: String,
}

/// What a member has in one currency.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Balance {
    /// Paid and not spent.
    pub prepaid: Amount,
    /// Store credit: spent before what was paid, and never paid out.
    pub credit: Amount,
    /// Taken back by a provider after it was spent.
    pub owed: Amount,
}

/// Operations on members' money. `key` names a request: the same again does nothing and answers
/// as the first time, another with the same key is refused. It has 1 to 255 bytes.
///
/// Each fails where there is no such member, order or entry, and where the database is unavailable.
impl Club {
    /// Adds to a member's balance.
    ///
    /// # Errors
    ///
    /// See above; the amount is nothing, or more than is taken at once; the memo is no line; the
    /// member was removed.
    pub async fn topup(&self, stamp: &Stamp, key: &str, new: NewTopup) -> Result<Entry, Error> {
        check_amount(new.amount)?;
        check_line("memo", &new.memo)?;
        let key = key.to_owned();
        self.change(stamp, move |tx| Box::pin(async move { topup(tx, &key, &new).await })).await
    }

    /// Gives a member store credit, at our expense.
    ///
    /// # Errors
    ///
    /// See above; the amount is nothing, or more than is given at once; the memo is no line; the
    /// member was removed.
    pub async fn give_credit(
        &self,
        stamp: &Stamp,
        key: &str,
        member: &str,
        amount: Amount,
        memo: &str,
    ) -> Result<Entry, Error> {
        check_amount(amount)?;
        check_line("memo", memo)?;
        let (key, member, memo) = (key.to_owned(), member.to_owned(), memo.to_owned());
        self.change(stamp, move |tx| {
            Box::pin(async move { give_credit(tx, &key, &member, amount, &memo).await })
        })
        .await
    }

    /// What a member has, by currency; nothing where no money ever came.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn balance(&self, member: &str) -> Result<Vec<Balance>, Error> {
        let mut db = self.reader().await?;
        let member = member::find(&mut *db, member).await?.id;
        let mut balances = Vec::new();
        for currency in statement::currencies(&mut *db, member).await? {
            balances.push(held(&mut *db, member, currency).await?);
        }
        Ok(balances)
    }

    /// Enters that the provider paid a top-up back: `amount` of it, or what is left of it.
    ///
    /// # Errors
    ///
    /// See above; the entry is no top-up; less of it is left.
    pub async fn refund_topup(
        &self,
        stamp: &Stamp,
        key: &str,
        topup: EntryId,
        amount: Option<Amount>,
    ) -> Result<Entry, Error> {
        if let Some(amount) = amount {
            check_amount(amount)?;
        }
        let back = TakeBack { kind: TOPUP_REFUND, topup, amount, fee: None };
        self.take_back(stamp, key, back).await
    }

    /// Enters that the payer disputed a top-up: what is left of it is gone, with the provider's
    /// `fee`, and the member is suspended, even where nothing was left.
    ///
    /// # Errors
    ///
    /// See above; the entry is no top-up.
    pub async fn chargeback(
        &self,
        stamp: &Stamp,
        key: &str,
        topup: EntryId,
        fee: Option<Amount>,
    ) -> Result<Entry, Error> {
        if let Some(fee) = fee {
            check_amount(fee)?;
        }
        let back = TakeBack { kind: DISPUTE, topup, amount: None, fee };
        self.take_back(stamp, key, back).await
    }

    async fn take_back(&self, stamp: &Stamp, key: &str, back: TakeBack) -> Result<Entry, Error> {
        let key = key.to_owned();
        self.change(stamp, move |tx| Box::pin(async move { take_back(tx, &key, &back).await }))
            .await
    }
}

pub(crate) struct TakeBack {
    pub(crate) kind: &'static str,
    pub(crate) topup: EntryId,
    pub(crate) amount: Option<Amount>,
    pub(crate) fee: Option<Amount>,
}

async fn topup(tx: &mut Tx, key: &str, new: &NewTopup) -> Result<Entry, Error> {
    let member = member::find(tx, &new.member).await?;
    let (id, amount) = (member.id.value().to_string(), new.amount.to_string());
    let request = EntryRequest::new(key, &[TOPUP, &id, &amount, &new.provider, &new.memo])?;
    if let Some(entry) = request.answered(tx).await? {
        return statement::entry(tx, entry).await;
    }
    member.check_not_removed()?;
    let credits = credit(tx, member.id, new.amount).await?;
    let entry = NewEntry {
        request: &request,
        kind: TOPUP,
        member: Some(member.id),
        reverses: None,
        memo: &new.memo,
        postings: &[&[(Account::Clearing(&new.provider), new.amount)][..], &credits].concat(),
    };
    let id = post(tx, entry).await?;
    statement::entry(tx, id).await
}

async fn give_credit(
    tx: &mut Tx,
    key: &str,
    member: &str,
    amount: Amount,
    memo: &str,
) -> Result<Entry, Error> {
    let member = member::find(tx, member).await?;
    let (id, said) = (member.id.value().to_string(), amount.to_string());
    let request = EntryRequest::new(key, &[CREDIT, &id, &said, memo])?;
    if let Some(entry) = request.answered(tx).await? {
        return statement::entry(tx, entry).await;
    }
    member.check_not_removed()?;
    let entry = NewEntry {
        request: &request,
        kind: CREDIT,
        member: Some(member.id),
        reverses: None,
        memo,
        postings: &[(Account::Rebates, amount), (Account::Rebate(member.id), negated(amount)?)],
    };
    let id = post(tx, entry).await?;
    statement::entry(tx, id).await
}

/// Takes a top-up back; a dispute suspends the member.
pub(crate) async fn take_back(tx: &mut Tx, key: &str, back: &TakeBack) -> Result<Entry, Error> {
    let said = |amount: Option<Amount>| amount.map_or_else(String::new, |a| a.to_string());
    let (topup, amount, fee) = (back.topup.0.to_string(), said(back.amount), said(back.fee));
    let request = EntryRequest::new(key, &[back.kind, &topup, &amount, &fee])?;
    if let Some(entry) = request.answered(tx).await? {
        return statement::entry(tx, entry).await;
    }
    let topup = statement::entry(tx, back.topup).await?;
    let not_topup = || Error::NotTopup(topup.id);
    let member = topup.member.filter(|_| topup.kind == TOPUP).ok_or_else(not_topup)?;
    let paid = topup.postings.first().ok_or_else(not_topup)?;
    let left = paid.amount.currency.minor(journal::unreversed(tx, topup.id).await?);
    let amount = back.amount.unwrap_or(left);
    if back.kind != DISPUTE && left.minor == 0 {
        return Err(Error::Reversed(topup.id));
    }
    if amount.currency != left.currency {
        return Err(MoneyError::Mixed(left.currency, amount.currency).into());
    }

    let held = held(tx, member, amount.currency).await?;
    let spent = amount.minor.saturating_sub(held.prepaid.minor).max(0);
    let clearing = Account::Clearing(provider(&paid.account));
    let entry = NewEntry {
        request: &request,
        kind: back.kind,
        member: Some(member),
        reverses: Some(topup.id),
        memo: &topup.memo,
        postings: &[
            (clearing, negated(amount)?),
            (Account::Prepaid(member), amount.currency.minor(amount.minor - spent)),
            (Account::Receivable(member), amount.currency.minor(spent)),
        ],
    };
    let id = post(tx, entry).await?;
    if let Some(fee) = back.fee {
        enter_fee(tx, key, fee, &topup, clearing).await?;
    }
    if back.kind == DISPUTE {
        suspend(tx, member).await?;
    }
    statement::entry(tx, id).await
}

/// Brings an amount of a top-up back that was taken back: `for_sale` of it is not used for what the
/// member owes.
pub(crate) async fn restore(
    tx: &mut Tx,
    key: &str,
    topup: EntryId,
    amount: Amount,
    for_sale: Amount,
) -> Result<(), Error> {
    let topup = statement::entry(tx, topup).await?;
    let not_topup = || Error::NotTopup(topup.id);
    let member = topup.member.ok_or_else(not_topup)?;
    let paid = topup.postings.first().ok_or_else(not_topup)?;
    let clearing = Account::Clearing(provider(&paid.account));
    let mut for_sale = for_sale.minor;
    let parts = journal::reversals(tx, topup.id, amount.minor).await?;
    for (place, (reversal, part)) in (0_u32..).zip(parts) {
        let spent = part.min(for_sale);
        for_sale -= spent;
        let rest = credit(tx, member, amount.currency.minor(part - spent)).await?;
        let entry = NewEntry {
            request: &EntryRequest::new(&format!("{key}:{place}"), &[])?,
            kind: TOPUP_REFUND_REVERSED,
            member: Some(member),
            reverses: Some(reversal),
            memo: &topup.memo,
            postings: &[
                &[(clearing, amount.currency.minor(part))][..],
                &[(Account::Prepaid(member), amount.currency.minor(-spent))],
                &rest,
            ]
            .concat(),
        };
        post(tx, entry).await?;
    }
    Ok(())
}

/// What of a member's debt an entry paid off, in minor units.
pub(crate) async fn paid_off(
    db: &mut dyn Connection,
    entry: EntryId,
    member: MemberId,
) -> Result<i64, Error> {
    let account = Account::Receivable(member).to_string();
    let postings = statement::entry(db, entry).await?.postings;
    let of_debt = postings.iter().filter(|posting| posting.account == account);
    Ok(of_debt.map(|posting| -posting.amount.minor).sum())
}

async fn enter_fee(
    tx: &mut Tx,
    key: &str,
    fee: Amount,
    topup: &Entry,
    clearing: Account<'_>,
) -> Result<EntryId, Error> {
    let entry = NewEntry {
        request: &EntryRequest::new(&format!("{key}:fee"), &[])?,
        kind: "dispute.fee",
        member: topup.member,
        reverses: None,
        memo: &topup.memo,
        postings: &[(Account::Chargebacks, fee), (clearing, negated(fee)?)],
    };
    post(tx, entry).await
}

/// Suspends an active member whose payment was disputed; returns whether the member was active.
pub(crate) async fn suspend(tx: &mut Tx, member: MemberId) -> Result<bool, Error> {
    let mut member = member::by_id(tx, member).await?;
    let is_active = member.state == MemberState::Active;
    if is_active {
        member.state = MemberState::Suspended;
        member::save(tx, "member.suspend", &member, "a payment was disputed").await?;
    }
    Ok(is_active)
}

/// The postings that give a member an amount: what is owed is paid first.
pub(crate) async fn credit(
    db: &mut dyn Connection,
    member: MemberId,
    amount: Amount,
) -> Result<[(Account<'static>, Amount); 2], Error> {
    let owed = held(db, member, amount.currency).await?.owed.minor.min(amount.minor);
    Ok([
        (Account::Prepaid(member), amount.currency.minor(owed - amount.minor)),
        (Account::Receivable(member), amount.currency.minor(-owed)),
    ])
}

pub(crate) async fn held(
    db: &mut dyn Connection,
    member: MemberId,
    currency: Currency,
) -> Result<Balance, Error> {
    let prepaid = balance(db, Account::Prepaid(member), currency).await?;
    let credit = balance(db, Account::Rebate(member), currency).await?;
    let owed = balance(db, Account::Receivable(member), currency).await?;
    Ok(Balance { prepaid: negated(prepaid)?, credit: negated(credit)?, owed })
}

/// Refuses an amount that can't be paid at once.
pub(crate) fn check_amount(amount: Amount) -> Result<(), MoneyError> {
    match amount.minor {
        ..=0 => Err(MoneyError::TooLittle(amount)),
        1..=Amount::MAX_MINOR => Ok(()),
        _ => Err(MoneyError::TooMuch(amount.decimal())),
    }
}

/// The provider in the name of its clearing account.
fn provider(account: &str) -> &str {
    account.strip_prefix("psp:").and_then(|rest| rest.strip_suffix(":clearing")).unwrap_or(account)
}

pub(crate) const TOPUP: &str = "topup";
pub(crate) const TOPUP_REFUND: &str = "topup.refund";
const TOPUP_REFUND_REVERSED: &str = "topup.refund.reversed";
const CREDIT: &str = "credit";
const DISPUTE: &str = "dispute";
