//! Vouchers: codes that somebody is given and redeems, once.
//!
//! A batch is one entry of the journal: its amount is paid by hand and outstanding until redeemed.
//! A voucher for a right moves no money, what it was sold for is not in these books. Deliberately
//! absent: how often somebody may try a code, which is for who listens to them.

use policy::{ItemId, MemberId};

use crate::catalog::{item, part};
use crate::ledger::account::Account;
use crate::ledger::balance::{check_amount, credit};
use crate::ledger::journal::{EntryRequest, NewEntry, negated, post};
use crate::members::member::Member;
use crate::rights::order;
use crate::rights::{entitlement, tier_term};
use crate::store::club::Club;
use crate::store::sql::{Connection, Reading, Row, SqlResult, Value, currency, unreadable};
use crate::store::tx::Tx;
use crate::values::error::Error;
use crate::values::ids::{EntryId, OrderId, VoucherId};
use crate::values::money::{Amount, MoneyError};
use crate::values::page::Page;
use crate::values::product::DeliveryMethod;
use crate::values::stamp::Stamp;
use crate::values::text::check_line;
use crate::values::voucher_code::VoucherCode;
use crate::values::voucher_state::VoucherState;

/// What a voucher is worth.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Worth {
    /// So much more in the member's balance.
    Amount(Amount),
    /// A right to an item, for ever.
    Item(ItemId),
    /// A tier, for so many days from when it is redeemed or would have ended.
    Tier {
        /// Its id.
        tier: String,
        /// At least 1.
        days: u16,
    },
}

/// What is needed to issue vouchers.
#[derive(Clone, Debug)]
pub struct NewVouchers {
    /// Of each.
    pub worth: Worth,
    /// 1 to 1000.
    pub count: u32,
    /// When they can be redeemed no more, in Unix seconds; `None` where they always can.
    pub expires: Option<u32>,
    /// For people.
    pub memo: String,
}

/// A voucher as its issuer sees it, this once.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct IssuedVoucher {
    /// Its number.
    pub id: VoucherId,
    /// The entry of its batch.
    pub batch: EntryId,
    /// What the store does not know.
    pub code: VoucherCode,
}

/// A voucher.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Voucher {
    /// Its number.
    pub id: VoucherId,
    /// Of what worth.
    pub worth: Worth,
    /// The entry of its batch.
    pub issue: EntryId,
    /// When it can be redeemed no more, in Unix seconds; `None` where it always can.
    pub expires: Option<u32>,
    /// Who redeemed it.
    pub redeemed_by: Option<MemberId>,
    /// For an item: how it is delivered.
    pub method: DeliveryMethod,
    /// The order that it is the gift of; `None` where it was issued by hand.
    pub gift: Option<OrderId>,
    /// The order by which a gift was redeemed.
    pub(crate) redeemed_as: Option<OrderId>,
    is_void: bool,
}

impl Voucher {
    /// What became of it by now.
    pub fn state(&self, now_unix: u32) -> VoucherState {
        if self.redeemed_by.is_some() {
            VoucherState::Redeemed
        } else if self.is_void {
            VoucherState::Void
        } else if self.expires.is_some_and(|expires| expires <= now_unix) {
            VoucherState::Expired
        } else {
            VoucherState::Issued
        }
    }

    /// Where something comes from that it gave, for the books.
    pub(crate) fn source(&self) -> String {
        format!("voucher {}", self.id.0)
    }
}

/// Operations on vouchers. Each fails where the database is unavailable.
impl Club {
    /// Issues vouchers. Their codes can't be had again.
    ///
    /// # Errors
    ///
    /// See above; the count, the amount or the days are out of bounds; `expires` has passed; there
    /// is no such item or tier; a request with this key, of 1 to 255 bytes, issued some already.
    pub async fn issue_vouchers(
        &self,
        stamp: &Stamp,
        key: &str,
        new: NewVouchers,
    ) -> Result<Vec<IssuedVoucher>, Error> {
        stamp.check_future(new.expires)?;
        if !(1..=MAX_BATCH).contains(&new.count) {
            return Err(Error::Batch(new.count));
        }
        check_line("memo", &new.memo)?;
        match &new.worth {
            Worth::Amount(amount) => check_amount(*amount)?,
            Worth::Item(_) => {}
            Worth::Tier { days: 0, .. } => return Err(Error::Days),
            Worth::Tier { tier, .. } => self.names().check_tier(tier)?,
        }
        let key = key.to_owned();
        self.change(stamp, move |tx| Box::pin(async move { issue(tx, &key, &new).await })).await
    }

    /// Takes a voucher back that was not redeemed; its amount is no longer outstanding.
    ///
    /// # Errors
    ///
    /// There is no such voucher; it was redeemed or taken back; it is a gift that somebody paid for; the database
    /// is unavailable.
    pub async fn void_voucher(&self, stamp: &Stamp, id: VoucherId) -> Result<Voucher, Error> {
        self.change(stamp, move |tx| Box::pin(async move { void(tx, id).await })).await
    }

    /// A page of vouchers, oldest first.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn vouchers(&self, page: Page) -> Result<Vec<Voucher>, Error> {
        let mut db = self.reader().await?;
        Ok(db.all(LIST, &[page.after.into(), page.limit().into()], read).await?)
    }

    /// A page of the vouchers that are in a state by now, oldest first.
    ///
    /// # Errors
    ///
    /// The database is unavailable.
    pub async fn vouchers_in(
        &self,
        state: VoucherState,
        now_unix: u32,
        page: Page,
    ) -> Result<Vec<Voucher>, Error> {
        let mut db = self.reader().await?;
        let values = [page.after.into(), page.limit().into(), state.text().into(), now_unix.into()];
        Ok(db.all(LIST_IN, &values, read).await?)
    }
}

async fn issue(tx: &mut Tx, key: &str, new: &NewVouchers) -> Result<Vec<IssuedVoucher>, Error> {
    let request = EntryRequest::new(key, &[ISSUE])?;
    if let Some(entry) = request.answered(tx).await? {
        return Err(Error::Issued(entry));
    }
    let mut postings = Vec::new();
    let (mut amount, mut item, mut tier) = (None, None, None);
    match &new.worth {
        Worth::Amount(each) => {
            let total = each.minor.checked_mul(new.count.into()).ok_or(MoneyError::Overflow)?;
            let total = each.currency.minor(total);
            postings = vec![(HAND, total), (Account::Vouchers, negated(total)?)];
            amount = Some(each);
        }
        Worth::Item(wanted) => item = Some(item::live_by_id(tx, *wanted).await?.id.0),
        Worth::Tier { tier: id, days } => tier = Some((id.as_str(), *days)),
    }
    let codes: Result<Vec<_>, _> = (0..new.count).map(|_| VoucherCode::random()).collect();
    let codes = codes.map_err(|_| Error::NoRandomness)?;
    let entry = NewEntry {
        request: &request,
        kind: ISSUE,
        member: None,
        reverses: None,
        memo: &new.memo,
        postings: &postings,
    };
    let entry = post(tx, entry).await?;

    let mut issued = Vec::new();
    for code in codes {
        let values = [
            Value::Bytes(&code.hash()),
            entry.0.into(),
            new.expires.into(),
            amount.map_or(Value::Null, |amount| amount.currency.code().into()),
            Value::Int(amount.map(|amount| amount.minor)),
            item.into(),
            tier.map_or(Value::Null, |(tier, _)| tier.into()),
            tier.map(|(_, days)| u32::from(days)).into(),
        ];
        let id = tx.one(INSERT, &values, |row| row.number::<u32>(0)).await?;
        let id = VoucherId(id.ok_or(sqlx::Error::RowNotFound)?);
        issued.push(IssuedVoucher { id, batch: entry, code });
    }
    Ok(issued)
}

/// Redeems a voucher that is no gift for a member.
pub(crate) async fn redeem(
    tx: &mut Tx,
    voucher: Voucher,
    member: Member,
) -> Result<Voucher, Error> {
    let source = voucher.source();
    let mut postings = Vec::new();
    match &voucher.worth {
        Worth::Amount(amount) => {
            postings.push((Account::Vouchers, *amount));
            postings.extend(credit(tx, member.id, *amount).await?);
        }
        Worth::Item(id) => {
            let item = item::live_by_id(tx, *id).await?;
            if !give_for_ever(tx, member.id, item.id, &source).await? {
                return Err(Error::HasAlready { member: member.name, what: item.name });
            }
            for part in part::parts(tx, item.id).await? {
                give_for_ever(tx, member.id, part.id, &source).await?;
            }
        }
        Worth::Tier { tier, days } => {
            tier_term::give(tx, member.id, tier, *days, &source).await?;
        }
    }
    use_up(tx, voucher, (member.id, None), &postings).await
}

/// Gives a right for ever; returns whether it was not there already.
async fn give_for_ever(
    tx: &mut Tx,
    member: MemberId,
    item: ItemId,
    source: &str,
) -> Result<bool, Error> {
    let held = entitlement::one(tx, member, item).await?;
    if held.is_some_and(|held| held.until.is_none() && held.is_live(tx.now())) {
        return Ok(false);
    }
    entitlement::give(tx, member, item, None, source).await?;
    Ok(true)
}

/// The voucher of a code, where it can be redeemed now.
pub(crate) async fn redeemable(tx: &mut Tx, code: VoucherCode) -> Result<Voucher, Error> {
    let found = tx.one(BY_HASH, &[Value::Bytes(&code.hash())], read).await?;
    let voucher = found.ok_or(Error::NoVoucher)?;
    match voucher.state(tx.now()) {
        VoucherState::Issued => Ok(voucher),
        state => Err(Error::Voucher { id: voucher.id, state }),
    }
}

/// A voucher by its number.
pub(crate) async fn find(db: &mut dyn Connection, id: VoucherId) -> Result<Voucher, Error> {
    db.one(BY_ID, &[id.0.into()], read).await?.ok_or(Error::NoVoucher)
}

/// The voucher that an order is the gift of.
pub(crate) async fn of_gift(db: &mut dyn Connection, order: OrderId) -> SqlResult<Option<Voucher>> {
    db.one(OF_GIFT, &[order.0.into()], read).await
}

/// Notes that a voucher was redeemed by a member, by an order where there is one, and what that moves.
pub(crate) async fn use_up(
    tx: &mut Tx,
    voucher: Voucher,
    (member, redeemed_as): (MemberId, Option<OrderId>),
    postings: &[(Account<'_>, Amount)],
) -> Result<Voucher, Error> {
    let redeemed_as = redeemed_as.filter(|_| voucher.gift.is_some());
    let source = voucher.source();
    let entry = NewEntry {
        request: &EntryRequest::new(&format!("{source}: redeem"), &[])?,
        kind: "voucher.redeem",
        member: Some(member),
        reverses: None,
        memo: &source,
        postings,
    };
    post(tx, entry).await?;
    let values =
        [voucher.id.0.into(), member.value().into(), redeemed_as.map(|order| order.0).into()];
    tx.execute(REDEEM, &values).await?;
    Ok(Voucher { redeemed_by: Some(member), redeemed_as, ..voucher })
}

async fn void(tx: &mut Tx, id: VoucherId) -> Result<Voucher, Error> {
    let voucher = find(tx, id).await?;
    if let Some(order) = voucher.gift {
        return Err(Error::VoucherOfGift { id, order });
    }
    let state = voucher.state(tx.now());
    if matches!(state, VoucherState::Redeemed | VoucherState::Void) {
        return Err(Error::Voucher { id, state });
    }
    let postings = match voucher.worth {
        Worth::Amount(amount) => vec![(Account::Vouchers, amount), (HAND, negated(amount)?)],
        Worth::Item(_) | Worth::Tier { .. } => Vec::new(),
    };
    let entry = NewEntry {
        request: &EntryRequest::new(&format!("voucher {}: void", id.0), &[])?,
        kind: "voucher.void",
        member: None,
        reverses: Some(voucher.issue),
        memo: &format!("voucher {}", id.0),
        postings: &postings,
    };
    post(tx, entry).await?;
    tx.execute("UPDATE voucher SET state = 'void' WHERE id = $1", &[id.0.into()]).await?;
    Ok(Voucher { is_void: true, ..voucher })
}

pub(crate) fn read(row: &dyn Row) -> SqlResult<Voucher> {
    let worth = match (row.int(5)?, row.optional(6)?, row.optional(8)?) {
        (Some(minor), None, None) => Worth::Amount(currency(row, 4)?.minor(minor)),
        (None, Some(item), None) => Worth::Item(ItemId(item)),
        (None, None, Some(days)) => Worth::Tier { tier: row.text(7)?.to_owned(), days },
        _ => return Err(unreadable(5, "a voucher of no worth, or of two")),
    };
    Ok(Voucher {
        id: VoucherId(row.number(0)?),
        worth,
        issue: EntryId(row.number(2)?),
        expires: row.optional(3)?,
        redeemed_by: row.optional::<u32>(9)?.and_then(MemberId::new),
        method: order::method(row, 10)?,
        gift: row.optional(11)?.map(OrderId),
        redeemed_as: row.optional(12)?.map(OrderId),
        is_void: row.text(1)? == "void",
    })
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, state, issue, expires, currency, amount, item, tier, days, member, \
             coalesce(way, 'torrent'), gift, redeemed_as FROM voucher WHERE ",
            $rest
        )
    };
}

/// Every row.
pub(crate) const READING: Reading =
    Reading { table: "voucher", sql: select!("id > 0"), read: |row| read(row).map(drop) };
const BY_HASH: &str = select!("hash = $1");
const BY_ID: &str = select!("id = $1");
const OF_GIFT: &str = select!("gift = $1");
const LIST: &str = select!("id > $1 ORDER BY id LIMIT $2");
const LIST_IN: &str = select!(
    "id > $1 AND CASE WHEN state = 'issued' AND expires <= $4 THEN 'expired' ELSE state END = $3 \
     ORDER BY id LIMIT $2"
);
const INSERT: &str = "INSERT INTO voucher \
     (hash, state, issue, expires, currency, amount, item, tier, days) \
     VALUES ($1, 'issued', $2, $3, $4, $5, $6, $7, $8) RETURNING id";
const REDEEM: &str =
    "UPDATE voucher SET state = 'redeemed', member = $2, redeemed_as = $3 WHERE id = $1";
const ISSUE: &str = "voucher.issue";
const HAND: Account<'static> = Account::Clearing("hand");
const MAX_BATCH: u32 = 1000;
