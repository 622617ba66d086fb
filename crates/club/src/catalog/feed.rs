//! When each feed last changed: a reader that finds the same date as before looks no further.

use policy::MemberId;

use crate::store::club::Club;
use crate::store::sql::{Connection, Row, SqlResult, Value};
use crate::values::error::Error;

/// A kind of feed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FeedKind {
    /// Torrents that a member may have.
    Club,
    /// The media themselves.
    Podcast,
    /// Free items, for everybody.
    Public,
}

impl FeedKind {
    const fn text(self) -> &'static str {
        match self {
            Self::Club => "club",
            Self::Podcast => "podcast",
            Self::Public => "public",
        }
    }
}

impl Club {
    /// When a feed last changed, in Unix seconds, if this is the digest of all it says now.
    ///
    /// A change gets a time of its own, later than that of the change before.
    ///
    /// # Errors
    ///
    /// The database is unavailable.
    pub async fn feed_changed(
        &self,
        member: Option<MemberId>,
        kind: FeedKind,
        digest: [u8; 32],
        now_unix: u32,
    ) -> Result<u32, Error> {
        match find(&mut *self.reader().await?, member, kind).await? {
            Some(known) if known.digest == digest => return Ok(known.changed),
            _ => {}
        }
        self.write(move |db| Box::pin(async move { put(db, member, kind, digest, now_unix).await }))
            .await
    }
}

struct Known {
    digest: Vec<u8>,
    changed: u32,
}

async fn find(
    db: &mut dyn Connection,
    member: Option<MemberId>,
    kind: FeedKind,
) -> SqlResult<Option<Known>> {
    let read = |row: &dyn Row| {
        let digest = row.bytes(0)?.unwrap_or_default().to_vec();
        Ok(Known { digest, changed: row.number(1)? })
    };
    let sql = "SELECT digest, changed FROM feed WHERE member = $1 AND kind = $2";
    db.one(sql, &[number(member), kind.text().into()], read).await
}

async fn put(
    db: &mut dyn Connection,
    member: Option<MemberId>,
    kind: FeedKind,
    digest: [u8; 32],
    now_unix: u32,
) -> Result<u32, Error> {
    let changed = match find(db, member, kind).await? {
        // Another reader's request was here in between.
        Some(known) if known.digest == digest => return Ok(known.changed),
        Some(known) => now_unix.max(known.changed.saturating_add(1)),
        None => now_unix,
    };
    db.execute(
        "INSERT INTO feed (member, kind, digest, changed) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (member, kind) DO UPDATE SET digest = excluded.digest, \
         changed = excluded.changed",
        &[number(member), kind.text().into(), Value::Bytes(&digest), changed.into()],
    )
    .await?;
    Ok(changed)
}

fn number(member: Option<MemberId>) -> Value<'static> {
    member.map_or(0, MemberId::value).into()
}
