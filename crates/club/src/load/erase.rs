//! Forgetting a person: what says who a member was goes, what the books need stays.
//!
//! The journal is only added to, so its memos stay; they name items and not people, unless somebody
//! typed a name there. So do the ids, which are inside the books, and the verdicts of webhooks; what
//! those carried goes.

use std::borrow::Cow;
use std::collections::HashSet;

use policy::{MemberId, MemberState};

use crate::audit::log::{LogEntry, record};
use crate::members::member::{self, Member};
use crate::sign_ins::sign_in::{self, Subject};
use crate::store::club::Club;
use crate::store::sql::{Connection, Value};
use crate::store::tx::Tx;
use crate::tokens::member_token;
use crate::traffic::session;
use crate::values::error::Error;
use crate::values::name::ERASED;
use crate::values::stamp::Stamp;

impl Club {
    /// Removes a member for good, where that was not done, and forgets who it was: the name, the
    /// details of the record, addresses, mail, clients, evidence, where orders were paid, and what
    /// providers sent of them. Balances, entries and the sums of traffic stay as they were; so do
    /// verdicts and what events did. O(events of the providers they
    /// ordered at).
    ///
    /// # Errors
    ///
    /// There is no such member, by name or id; the database is unavailable.
    pub async fn erase_member(&self, stamp: &Stamp, member: &str) -> Result<Member, Error> {
        let wanted = member.to_owned();
        self.change(stamp, move |tx| Box::pin(async move { erase(tx, &wanted).await })).await
    }
}

async fn erase(tx: &mut Tx, wanted: &str) -> Result<Member, Error> {
    let mut member = member::find(tx, wanted).await?;
    let was_called = member.name;
    member.state = MemberState::Removed;
    member.earned = None;
    member.name = format!("{ERASED}{}", member.id.value());
    let id = member.id.value().into();
    session::forget(tx, member.id).await?;
    sign_in::end_all(tx, Subject::Member(member.id)).await?;
    member_token::revoke_all(tx, member.id).await?;
    for sql in FORGET {
        tx.execute(sql, &[id]).await?;
    }
    forget_events(tx, member.id).await?;
    // As errors quote it.
    let (was, is) = (format!("member `{was_called}`"), format!("member `{}`", member.name));
    for sql in RENAME {
        tx.execute(sql, &[was.as_str().into(), is.as_str().into()]).await?;
    }
    let named = [id, member.name.as_str().into()];
    let sql = "UPDATE member SET name = $2, state = 'removed', earned = NULL, email = NULL, \
               email_verified = NULL WHERE id = $1";
    tx.execute(sql, &named).await?;
    let entry = LogEntry { what: "member.erase", member: Some(member.id), item: None, detail: "" };
    record(tx, entry).await?;
    tx.show(member.shown(&tx.names));
    Ok(member)
}

/// Blanks what providers sent of a member's orders: what was heard of them, and whatever else has
/// a provider's name for one of them or for what was paid.
async fn forget_events(tx: &mut Tx, member: MemberId) -> Result<(), Error> {
    let (id, now) = (member.value().into(), tx.now().into());
    tx.execute(BLANK_HEARD, &[Value::Bytes(&[]), now, id]).await?;
    let mut names = HashSet::new();
    tx.visit(NAMES, &[id], &mut |row| {
        if row.text(1)?.len() >= MIN_NAME {
            names.insert((row.text(0)?.to_owned(), row.text(1)?.to_owned()));
        }
        Ok(())
    })
    .await?;
    let mut naming = Vec::new();
    tx.visit(BODIES, &[id], &mut |row| {
        let provider = row.text(1)?.to_owned();
        let is_named = |text: Cow<'_, str>| {
            let mut words = text.split(|c: char| !(c.is_ascii_alphanumeric() || "_-".contains(c)));
            words.any(|word| names.contains(&(provider.clone(), word.to_owned())))
        };
        // A form has the JSON inside; what is no form is read as one of odd fields.
        let mut fields = form_urlencoded::parse(row.bytes(2)?.unwrap_or_default());
        if fields.any(|(name, value)| is_named(name) || is_named(value)) {
            naming.push(row.number::<u32>(0)?);
        }
        Ok(())
    })
    .await?;
    for event in naming {
        tx.execute(BLANK, &[Value::Bytes(&[]), now, event.into()]).await?;
    }
    Ok(())
}

/// The names of a provider are longer; shorter ones may be anybody's number.
const MIN_NAME: usize = 8;
const BLANK_HEARD: &str = "UPDATE webhook_event SET headers = '', body = $1, erased = $2 \
     WHERE erased IS NULL AND (length(body) > 0 OR headers <> '') \
     AND checkout IN (SELECT checkout.id FROM checkout JOIN orders ON orders.id = checkout.orders \
     WHERE member = $3)";
const BLANK: &str = "UPDATE webhook_event SET headers = '', body = $1, erased = $2 WHERE id = $3";
const NAMES: &str = "SELECT provider, session FROM checkout JOIN orders ON orders.id = checkout.orders \
     WHERE member = $1 AND session IS NOT NULL \
     UNION SELECT provider, subscription FROM checkout JOIN orders ON orders.id = checkout.orders \
     WHERE member = $1 AND subscription IS NOT NULL \
     UNION SELECT provider, reference FROM checkout JOIN orders ON orders.id = checkout.orders \
     WHERE member = $1 \
     UNION SELECT payment.provider, refund.name FROM refund \
     JOIN payment ON payment.id = refund.payment JOIN orders ON orders.id = payment.orders \
     WHERE member = $1 AND refund.name IS NOT NULL \
     UNION SELECT payment.provider, name FROM payment \
     JOIN checkout ON checkout.id = payment.checkout JOIN orders ON orders.id = checkout.orders \
     WHERE member = $1";
const BODIES: &str = "SELECT id, provider, body FROM webhook_event WHERE length(body) > 0 \
     AND provider IN (SELECT provider FROM checkout JOIN orders ON orders.id = checkout.orders \
     WHERE member = $1)";
const RENAME: [&str; 2] = [
    "UPDATE webhook_event SET effect = replace(effect, $1, $2) WHERE effect LIKE '%' || $1 || '%'",
    "UPDATE alert SET evidence = replace(evidence, $1, $2) WHERE evidence LIKE '%' || $1 || '%'",
];
const FORGET: [&str; 12] = [
    "DELETE FROM alias WHERE member = $1",
    "DELETE FROM sighting WHERE member = $1",
    "DELETE FROM feed WHERE member = $1",
    "DELETE FROM version_taken WHERE member = $1",
    "DELETE FROM mail WHERE member = $1 \
     OR recipient = (SELECT email FROM member WHERE id = $1)",
    "DELETE FROM sign_in_attempt WHERE email = (SELECT email FROM member WHERE id = $1)",
    "UPDATE audit SET detail = '' WHERE member = $1",
    "UPDATE alert SET evidence = '' WHERE member = $1",
    // What a visitor with the same address has not paid is the same person's.
    "UPDATE orders SET member = $1, cancelled = coalesce(cancelled, created), email = NULL \
     WHERE member IS NULL AND email = (SELECT email FROM member WHERE id = $1)",
    "UPDATE orders SET email = NULL WHERE member = $1",
    "UPDATE refund SET link = NULL WHERE payment IN (SELECT payment.id FROM payment \
     JOIN orders ON orders.id = payment.orders WHERE member = $1)",
    "UPDATE checkout SET url = NULL WHERE orders IN (SELECT id FROM orders WHERE member = $1)",
];
