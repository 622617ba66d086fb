//! Forgetting a person: what says who a member was goes, what the books need stays.
//!
//! The journal is only added to, so its memos stay; they name items and not people, unless somebody
//! typed a name there. So do the ids, which are inside the books, and the verdicts of webhooks.

use policy::MemberState;

use crate::audit::{Entry, Stamp, record};
use crate::club::Club;
use crate::error::Error;
use crate::member::{self, Member};
use crate::name::ERASED;
use crate::sql::Connection;
use crate::traffic;

impl Club {
    /// Removes a member for good, where that was not done, and forgets who it was: the name, the
    /// details of the record, addresses, clients, evidence, and where orders were paid. Balances,
    /// entries and the sums of traffic stay as they were.
    ///
    /// # Errors
    ///
    /// There is no such member, by name or id; the database is unavailable.
    pub async fn erase_member(&self, stamp: &Stamp, member: &str) -> Result<Member, Error> {
        let (stamp, wanted, live) = (stamp.clone(), member.to_owned(), self.live());
        self.writer()
            .run(
                move |db| Box::pin(async move { erase(db, &stamp, &wanted).await }),
                move |member| live.show_member(member),
            )
            .await
    }
}

async fn erase(db: &mut dyn Connection, stamp: &Stamp, wanted: &str) -> Result<Member, Error> {
    let mut member = member::find(db, wanted).await?;
    member.state = MemberState::Removed;
    member.earned = None;
    member.name = format!("{ERASED}{}", member.id.value());
    let id = member.id.value().into();
    traffic::forget(db, member.id).await?;
    for sql in FORGET {
        db.execute(sql, &[id]).await?;
    }
    let named = [id, member.name.as_str().into()];
    let sql = "UPDATE member SET name = $2, state = 'removed', earned = NULL WHERE id = $1";
    db.execute(sql, &named).await?;
    let entry = Entry { what: "member.erase", member: Some(member.id), item: None, detail: "" };
    record(db, stamp, entry).await?;
    Ok(member)
}

const FORGET: [&str; 6] = [
    "DELETE FROM alias WHERE member = $1",
    "DELETE FROM sighting WHERE member = $1",
    "DELETE FROM feed WHERE member = $1",
    "UPDATE audit SET detail = '' WHERE member = $1",
    "UPDATE alert SET evidence = '' WHERE member = $1",
    "UPDATE checkout SET url = NULL WHERE member = $1",
];
