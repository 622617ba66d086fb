//! A member's address that was mistyped: one act gives the member the right one, with all that went to
//! the wrong one.

use policy::MemberId;

use crate::mail::queue::MailText;
use crate::mail::report;
use crate::members::email;
use crate::members::member::{self, Member};
use crate::rights::order::{self, Order, UNREPORTED};
use crate::rights::order_mail;
use crate::store::club::Club;
use crate::store::sql::{Connection, Value};
use crate::store::tx::Tx;
use crate::values::email::Email;
use crate::values::error::Error;
use crate::values::ids::OrderId;
use crate::values::stamp::Stamp;
use crate::values::token::random_token;
use crate::values::voucher_code::VoucherCode;

impl Club {
    /// Gives a member another address, or none, in the operator's name. The address is unverified,
    /// whoever was signed in is signed out, and a link goes to it with `text`. Orders that were placed
    /// with the address before have the new one, paid or not; receipts that wait go there, and those of
    /// the last 3 orders are sent again. The pages of the last 1000 orders that are paid
    /// have new URLs, because whoever has the wrong address may have got the old ones; so gifts among them that
    /// nobody has redeemed have new codes.
    ///
    /// # Errors
    ///
    /// There is no such member, by name or id; another member has the address; the database is
    /// unavailable.
    pub async fn set_email(
        &self,
        stamp: &Stamp,
        member: &str,
        email: Option<Email>,
        text: MailText,
    ) -> Result<Member, Error> {
        let wanted = member.to_owned();
        self.change(stamp, move |tx| Box::pin(async move { set(tx, &wanted, email, text).await }))
            .await
    }
}

async fn set(
    tx: &mut Tx,
    wanted: &str,
    email: Option<Email>,
    text: MailText,
) -> Result<Member, Error> {
    let before = member::find_live(tx, wanted).await?;
    let (id, old) = (before.id, before.email.clone());
    let member = email::set(tx, before, email.clone(), text).await?;
    let Some(new) = email.filter(|new| old.as_ref() != Some(new)) else { return Ok(member) };
    if let Some(old) = &old {
        tx.execute(MOVE_OPEN, &[old.text().into(), new.text().into()]).await?;
        report::readdress(tx, old, &new).await?;
    }
    if old.is_some() {
        rename(tx, id).await?;
    }
    let values = [id.value().into(), RECEIPTS.into()];
    let db: &mut dyn Connection = tx;
    let orders: Vec<Order> = db.all(UNREPORTED, &values, order::read).await?;
    for order in orders {
        order_mail::receipt(tx, &order).await?;
    }
    Ok(member)
}

/// Gives the paid orders of a member other tokens, and gifts among them the codes that go by those.
async fn rename(tx: &mut Tx, member: MemberId) -> Result<(), Error> {
    let values = [member.value().into(), RENAMED.into()];
    let db: &mut dyn Connection = tx;
    let orders = db.all(PAID, &values, |row| Ok(OrderId(row.number(0)?))).await?;
    for order in orders {
        let token = random_token()?;
        let sql = "UPDATE orders SET token = $2 WHERE id = $1";
        tx.execute(sql, &[order.0.into(), token.as_str().into()]).await?;
        let hash = VoucherCode::of_order(&token).hash();
        tx.execute(RECODE, &[order.0.into(), Value::Bytes(&hash)]).await?;
    }
    Ok(())
}

/// A gift's code goes by its order's token, until it is redeemed.
const RECODE: &str = "UPDATE voucher SET hash = $2 WHERE gift = $1 AND state <> 'redeemed'";
const PAID: &str = "SELECT id FROM orders WHERE member = $1 AND paid IS NOT NULL \
     ORDER BY id DESC LIMIT $2";
/// What a visitor placed with the wrong address, and has not paid.
const MOVE_OPEN: &str =
    "UPDATE orders SET email = $2 WHERE email = $1 AND member IS NULL AND paid IS NULL";
/// Maximum orders whose pages have new URLs when an address changes.
pub(crate) const RENAMED: u32 = 1000;
/// Maximum receipts that are sent again when an address changes.
pub(crate) const RECEIPTS: u32 = 3;
