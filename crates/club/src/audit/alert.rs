//! Alerts: what somebody should look at. None of them changes what a member may do.
//!
//! An alert has a subject, such as a member's passkey or one member's upload of one item. While it
//! is open the same again counts there and renews its evidence; once acknowledged, it opens another.
//! Those about an item's files are closed by whoever verifies, replaces, withdraws or removes them.

use policy::{ItemId, MemberId};

use crate::audit::log::{self, record};
use crate::store::club::Club;
use crate::store::image::Shown;
use crate::store::sql::{Connection, Reading, Row, SqlResult, unreadable};
use crate::store::tx::Tx;
use crate::values::error::Error;
use crate::values::ids::AlertId;
use crate::values::news::ClubNews;
use crate::values::page::Page;
use crate::values::stamp::Stamp;

/// What an alert is about.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum AlertKind {
    /// A copy of the club is overdue.
    Backup,
    /// An item's files are not those of its torrent any more.
    BrokenItem,
    /// The disk of `state_dir` is almost full.
    Disk,
    /// A few addresses carry most members: a proxy may be missing from the trusted ones.
    FewAddresses,
    /// A swarm shares its peers evenly for now, because outsiders fell behind.
    Guard,
    /// Upload and download in a swarm of members alone differ by more than lost announces explain.
    Imbalance,
    /// A passkey is used from more places than one person has.
    Leak,
    /// A mail could not be delivered, or was not queued.
    Mail,
    /// A paid item has neither a seeder nor files here.
    NoSeed,
    /// Upload where nobody took anything.
    NobodyTook,
    /// A payment that fits no order.
    Payment,
    /// A proxy hides its clients' addresses: it is not trusted, or does not name them.
    Proxy,
    /// Upload faster than a line is.
    Speed,
    /// An item's files can't be read at the moment: a disk or a share may be away.
    UnreadableItem,
    /// A webhook is paused because every delivery failed.
    Webhook,
}

impl AlertKind {
    /// Every kind.
    pub const ALL: [Self; 15] = [
        Self::Backup,
        Self::BrokenItem,
        Self::Disk,
        Self::FewAddresses,
        Self::Guard,
        Self::Imbalance,
        Self::Leak,
        Self::Mail,
        Self::NoSeed,
        Self::NobodyTook,
        Self::Payment,
        Self::Proxy,
        Self::Speed,
        Self::UnreadableItem,
        Self::Webhook,
    ];

    /// Its name in lists.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Backup => "backup",
            Self::BrokenItem => "broken-item",
            Self::Disk => "disk",
            Self::FewAddresses => "few-addresses",
            Self::Guard => "guard",
            Self::Imbalance => "imbalance",
            Self::Leak => "leak",
            Self::Mail => "mail",
            Self::NoSeed => "no-seed",
            Self::NobodyTook => "nobody-took",
            Self::Payment => "payment",
            Self::Proxy => "proxy",
            Self::Speed => "speed",
            Self::UnreadableItem => "unreadable-item",
            Self::Webhook => "webhook",
        }
    }

    fn read(row: &dyn Row, column: usize) -> SqlResult<Self> {
        let text = row.text(column)?;
        let found = Self::ALL.into_iter().find(|kind| kind.text() == text);
        found.ok_or_else(|| unreadable(column, text))
    }
}

/// Something that somebody should look at.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NewAlert {
    /// What it is about.
    pub kind: AlertKind,
    /// Whom it concerns.
    pub member: Option<MemberId>,
    /// Which item it concerns.
    pub item: Option<ItemId>,
    /// What was seen, in numbers; cut to 500 bytes. No secret, and no more of members' addresses than
    /// how many there were.
    pub evidence: String,
}

/// An alert.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Alert {
    /// Its number.
    pub id: AlertId,
    /// What it is about.
    pub kind: AlertKind,
    /// Whom it concerns.
    pub member: Option<MemberId>,
    /// Which item it concerns.
    pub item: Option<ItemId>,
    /// When it was opened, in Unix seconds.
    pub first_at: u32,
    /// When the same was seen last, in Unix seconds.
    pub last_at: u32,
    /// How often it was seen.
    pub times: u32,
    /// What was seen the last time.
    pub evidence: String,
    /// When it was acknowledged, in Unix seconds, and by whom.
    pub acked: Option<(u32, String)>,
}

/// Operations on alerts. Each fails where the database is unavailable.
impl Club {
    /// Opens alerts, or counts them where they are open. Returns how many are open then; past
    /// [`MAX_OPEN`] no more are opened.
    ///
    /// # Errors
    ///
    /// See above; a member or an item is not there.
    pub async fn raise(&self, now_unix: u32, alerts: Vec<NewAlert>) -> Result<u32, Error> {
        let stamp = Stamp::of_daemon(now_unix);
        self.change(&stamp, move |tx| Box::pin(async move { Ok(raise(tx, &alerts).await?) })).await
    }

    /// A page of alerts, oldest first; acknowledged ones too where `all` is set.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn alerts(&self, all: bool, page: Page) -> Result<Vec<Alert>, Error> {
        let sql = if all { PAGE } else { OPEN_PAGE };
        let values = [page.after.into(), page.limit().into()];
        Ok(self.reader().await?.all(sql, &values, read).await?)
    }

    /// Acknowledges an alert, which is then open no more.
    ///
    /// # Errors
    ///
    /// See above; no such alert is open.
    pub async fn ack_alert(&self, stamp: &Stamp, id: AlertId) -> Result<Alert, Error> {
        self.change(stamp, move |tx| Box::pin(async move { ack(tx, id).await })).await
    }

    /// Closes the alert of a kind about an item, or about nothing in particular, because what it says is so no more.
    /// Returns whether one was open.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn clear_alert(
        &self,
        now_unix: u32,
        kind: AlertKind,
        item: Option<ItemId>,
    ) -> Result<bool, Error> {
        let stamp = Stamp::of_daemon(now_unix);
        self.change(&stamp, move |tx| Box::pin(async move { Ok(close(tx, kind, item).await?) }))
            .await
    }

    /// How many alerts are open; asks no database.
    pub fn open_alerts(&self) -> u32 {
        self.live().open_alerts()
    }
}

/// Opens or counts alerts; returns how many are open then.
pub(crate) async fn raise(tx: &mut Tx, alerts: &[NewAlert]) -> SqlResult<u32> {
    for NewAlert { kind, member, item, evidence } in alerts {
        let subject = subject(*kind, *member, *item);
        let (alert_member, alert_item) = (*member, *item);
        let (member, item) = (member.map(MemberId::value), item.map(|item| item.0));
        let evidence = &evidence[..evidence.floor_char_boundary(MAX_EVIDENCE)];
        let values = [
            kind.text().into(),
            subject.as_str().into(),
            member.into(),
            item.into(),
            tx.now().into(),
            evidence.into(),
            MAX_OPEN.into(),
        ];
        let read = |row: &dyn Row| Ok((row.number(0)?, row.number::<u32>(1)?));
        if let Some((id, 1)) = tx.one(RAISE, &values, read).await? {
            let news = ClubNews::Alert {
                id: AlertId(id),
                kind: kind.text(),
                member: alert_member,
                item: alert_item,
                evidence: evidence.to_owned(),
            };
            tx.show(Shown::News(news));
        }
    }
    show_open(tx).await
}

/// Closes the alerts about an item's files, which were checked, replaced or withdrawn, in the name of who did that.
pub(crate) async fn settle_files(tx: &mut Tx, item: ItemId) -> SqlResult<()> {
    for kind in [AlertKind::BrokenItem, AlertKind::UnreadableItem] {
        close(tx, kind, Some(item)).await?;
    }
    Ok(())
}

/// Closes an alert in the name of who makes the change; whether it was open.
async fn close(tx: &mut Tx, kind: AlertKind, item: Option<ItemId>) -> SqlResult<bool> {
    let who = tx.stamp.who.clone();
    let subject = subject(kind, None, item);
    let values = [subject.as_str().into(), tx.now().into(), who.as_str().into()];
    let was_open = tx.execute(SETTLE, &values).await? > 0;
    if was_open {
        show_open(tx).await?;
    }
    Ok(was_open)
}

/// The open alert of a kind that was opened first.
pub(crate) async fn first_open(db: &mut dyn Connection, kind: &str) -> SqlResult<Option<Alert>> {
    db.one(FIRST_OPEN, &[kind.into()], read).await
}

/// Shows how many alerts are open, and returns it.
async fn show_open(tx: &mut Tx) -> SqlResult<u32> {
    let open = count_open(tx).await?;
    tx.show(Shown::Alerts(open));
    Ok(open)
}

/// What tells open alerts apart.
fn subject(kind: AlertKind, member: Option<MemberId>, item: Option<ItemId>) -> String {
    let part = |id: Option<u32>| id.map_or_else(|| "-".to_owned(), |id| id.to_string());
    format!("{} {} {}", kind.text(), part(member.map(MemberId::value)), part(item.map(|id| id.0)))
}

async fn ack(tx: &mut Tx, id: AlertId) -> Result<Alert, Error> {
    let who = tx.stamp.who.clone();
    let values = [id.0.into(), tx.now().into(), who.as_str().into()];
    let alert = tx.one(ACK, &values, read).await?.ok_or(Error::NoAlert(id))?;
    let detail = format!("alert {}: {}", id.0, alert.kind.text());
    let Alert { member, item, .. } = alert;
    let entry = log::LogEntry { what: "alert.ack", member, item, detail: &detail };
    record(tx, entry).await?;
    show_open(tx).await?;
    Ok(alert)
}

/// How many are open.
pub(crate) async fn count_open(db: &mut dyn Connection) -> SqlResult<u32> {
    let sql = "SELECT count(*) FROM alert WHERE acked IS NULL";
    Ok(db.one(sql, &[], |row| row.number(0)).await?.unwrap_or(0))
}

pub(crate) fn read(row: &dyn Row) -> SqlResult<Alert> {
    let acked: Option<u32> = row.optional(8)?;
    Ok(Alert {
        id: AlertId(row.number(0)?),
        kind: AlertKind::read(row, 1)?,
        member: row.optional::<u32>(2)?.and_then(MemberId::new),
        item: row.optional(3)?.map(ItemId),
        first_at: row.number(4)?,
        last_at: row.number(5)?,
        times: row.number(6)?,
        evidence: row.text(7)?.to_owned(),
        acked: match acked {
            Some(at) => Some((at, row.text(9)?.to_owned())),
            None => None,
        },
    })
}

macro_rules! columns {
    ($before:literal, $after:literal) => {
        concat!(
            $before,
            " id, kind, member, item, first_at, last_at, times, evidence, acked, acked_by ",
            $after
        )
    };
}

/// Every row.
pub(crate) const READING: Reading = Reading {
    table: "alert",
    sql: columns!("SELECT", "FROM alert"),
    read: |row| read(row).map(drop),
};
const ACK: &str = columns!(
    "UPDATE alert SET acked = $2, acked_by = $3 WHERE id = $1 AND acked IS NULL RETURNING",
    ""
);
const SETTLE: &str =
    "UPDATE alert SET acked = $2, acked_by = $3 WHERE subject = $1 AND acked IS NULL";
const OPEN_PAGE: &str =
    columns!("SELECT", "FROM alert WHERE acked IS NULL AND id > $1 ORDER BY id LIMIT $2");
const FIRST_OPEN: &str =
    columns!("SELECT", "FROM alert WHERE acked IS NULL AND kind = $1 ORDER BY id LIMIT 1");
const PAGE: &str = columns!("SELECT", "FROM alert WHERE id > $1 ORDER BY id LIMIT $2");
const RAISE: &str = "INSERT INTO alert (kind, subject, member, item, first_at, last_at, times, \
     evidence) SELECT $1, $2, $3, $4, $5, $5, 1, $6 \
     WHERE EXISTS (SELECT 1 FROM alert WHERE subject = $2 AND acked IS NULL) \
     OR (SELECT count(*) FROM alert WHERE acked IS NULL) < $7 \
     ON CONFLICT (subject) WHERE acked IS NULL DO UPDATE SET last_at = excluded.last_at, \
     times = alert.times + 1, evidence = excluded.evidence RETURNING id, times";
/// Open alerts at most; who has so many looks at none.
pub const MAX_OPEN: u32 = 1000;
const MAX_EVIDENCE: usize = 500;
