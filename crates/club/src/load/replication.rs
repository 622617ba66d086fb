//! Changes that other processes made in a database that several share.
//!
//! Every change leaves a row in the record, in the order of the commits, and says whom and what it
//! touched: those above the last row seen are read again and shown. Rows of our own are among them,
//! so a change whose commit was in doubt is shown as well, once it is there.

use std::collections::BTreeSet;

use policy::{ItemId, MemberId};

use crate::audit::alert;
use crate::catalog::item;
use crate::members::import;
use crate::members::keys;
use crate::members::member;
use crate::rights::entitlement;
use crate::store::club::Club;
use crate::store::image::{Live, Shown};
use crate::store::sql::{Connection, Row, SqlResult};
use crate::values::error::Error;
use crate::values::page::Page;

impl Club {
    /// Puts in force what other processes changed since the last call, for calling about once a
    /// second; returns how many rows of the record were new. Nothing is asked of a database that is
    /// this process's alone.
    ///
    /// # Errors
    ///
    /// The database is unavailable; the next call goes on from there.
    pub async fn catch_up(&self) -> Result<u64, Error> {
        if !self.store().is_shared() {
            return Ok(0);
        }
        let mut seen = self.seen().lock().await;
        let mut news = 0;
        if last(&mut *self.reader().await?).await? <= *seen {
            return Ok(news);
        }
        loop {
            // What is read here must not overtake what the writer is about to show.
            let _changes_wait = self.writer().pause().await;
            let mut db = self.reader().await?;
            let values = [(*seen).into(), Page::MAX.into()];
            let rows = db.all(SINCE, &values, Touched::read).await?;
            let Some(newest) = rows.last().map(|touched| touched.row) else { return Ok(news) };
            refresh(&mut *db, self.live(), &rows).await?;
            *seen = newest;
            news += u64::try_from(rows.len()).unwrap_or(u64::MAX);
        }
    }
}

/// The last row of the record; 0 before the first.
pub(crate) async fn last(db: &mut dyn Connection) -> SqlResult<u32> {
    let sql = "SELECT coalesce(max(id), 0) FROM audit";
    Ok(db.one(sql, &[], |row| row.number(0)).await?.unwrap_or(0))
}

/// Whom and what a row of the record is about.
struct Touched {
    row: u32,
    member: Option<MemberId>,
    item: Option<ItemId>,
}

impl Touched {
    fn read(row: &dyn Row) -> SqlResult<Self> {
        Ok(Self {
            row: row.number(0)?,
            member: row.optional::<u32>(1)?.and_then(MemberId::new),
            item: row.optional(2)?.map(ItemId),
        })
    }
}

/// Shows what the store has now of all that was touched.
async fn refresh(db: &mut dyn Connection, live: &Live, rows: &[Touched]) -> Result<(), Error> {
    let names = live.names();
    let members: BTreeSet<_> = rows.iter().filter_map(|row| row.member).collect();
    for id in members {
        live.show(member::by_id(db, id).await?.shown(&names));
        if let Some(generations) = keys::find(db, id).await? {
            live.show(Shown::Keys(id, generations));
        }
        let aliases = db.all(import::OF_MEMBER, &[id.value().into()], import::read_alias).await?;
        aliases.into_iter().for_each(|alias| live.show(alias));
    }
    let items: BTreeSet<_> = rows.iter().filter_map(|row| row.item).collect();
    for id in items.into_iter().filter(|id| *id != ItemId::ANY) {
        live.show(item::by_id(db, id).await?.shown(&names));
    }
    let pairs: BTreeSet<_> = rows.iter().filter_map(|row| row.member.zip(row.item)).collect();
    for (member, item) in pairs {
        if let Some(held) = entitlement::one(db, member, item).await? {
            live.show(held.shown());
        }
    }
    live.show(Shown::Alerts(alert::count_open(db).await?));
    Ok(())
}

const SINCE: &str = "SELECT id, member, item FROM audit WHERE id > $1 ORDER BY id LIMIT $2";
