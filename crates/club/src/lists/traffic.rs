//! The list of what a member carried, by item.

use std::collections::BTreeMap;

use policy::{ItemId, MemberId};

use crate::lists::page::{KeyType, ListOrder, Listed, PageRequest};
use crate::lists::query::RowQuery;
use crate::store::club::Club;
use crate::store::sql::{Row, Value};
use crate::traffic::reward::VerifiedTraffic;
use crate::traffic::session::{self, Counters};
use crate::values::error::Error;

/// What a member carried of an item, in bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct CarriedItem {
    /// The item.
    pub item: ItemId,
    /// As the member's clients reported it.
    pub reported: Counters,
    /// Sent to the member by the publisher's own copy.
    pub web_seed: u64,
    /// What judged windows came to.
    pub judged: VerifiedTraffic,
}

impl Club {
    /// A page of what a member carried, by item.
    ///
    /// # Errors
    ///
    /// The database is unavailable; the page is to begin after no page's end.
    pub async fn list_traffic(
        &self,
        member: MemberId,
        page: &PageRequest,
    ) -> Result<Listed<CarriedItem>, Error> {
        let page = PageRequest { newest: false, ..page.clone() };
        let member = Value::from(member.value());
        let mut query = RowQuery::new("SELECT id FROM item");
        query.and(CARRIED, [member; 4]);
        let db = &mut *self.reader().await?;
        let read = |row: &dyn Row| Ok(ItemId(row.number(0)?));
        let Listed { rows, next } = query.page(db, &BY_ITEM, &page, read).await?;
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else {
            return Ok(Listed { rows: Vec::new(), next });
        };
        let values = [member, first.0.into(), last.0.into()];
        let empty = |item: &ItemId| CarriedItem {
            item: *item,
            reported: Counters::default(),
            web_seed: 0,
            judged: VerifiedTraffic { item: *item, said: 0, verified: 0 },
        };
        let mut found: BTreeMap<ItemId, CarriedItem> =
            rows.iter().map(|item| (*item, empty(item))).collect();
        db.visit(REPORTED, &values, &mut |row| {
            if let Some(of) = found.get_mut(&ItemId(row.number(0)?)) {
                of.reported = of.reported.saturating_add(session::counters(row, 1)?);
            }
            Ok(())
        })
        .await?;
        db.visit(SERVED, &values, &mut |row| {
            if let Some(of) = found.get_mut(&ItemId(row.number(0)?)) {
                of.web_seed = row.number(1)?;
            }
            Ok(())
        })
        .await?;
        db.visit(JUDGED, &values, &mut |row| {
            if let Some(of) = found.get_mut(&ItemId(row.number(0)?)) {
                of.judged.said = row.number(1)?;
                of.judged.verified = row.number(2)?;
            }
            Ok(())
        })
        .await?;
        Ok(Listed { rows: found.into_values().collect(), next })
    }
}

const BY_ITEM: ListOrder<ItemId> = ListOrder {
    name: "traffic",
    columns: &[("id", KeyType::Number)],
    key: |item| vec![item.0.into()],
};
/// The items of which a member carried something.
const CARRIED: &str = "id IN (SELECT traffic.item FROM traffic WHERE member = ? \
     UNION SELECT session.item FROM session WHERE member = ? \
     UNION SELECT served.item FROM served WHERE member = ? \
     UNION SELECT carried.item FROM carried WHERE member = ? AND verified IS NOT NULL)";
/// Sums are made here and not there: the databases fail where one overflows, and clients choose the numbers.
const REPORTED: &str = "SELECT item, uploaded, downloaded FROM traffic \
     WHERE member = $1 AND item BETWEEN $2 AND $3 UNION ALL \
     SELECT item, high_uploaded - low_uploaded, high_downloaded - low_downloaded \
     FROM session WHERE member = $1 AND item BETWEEN $2 AND $3";
const SERVED: &str = "SELECT item, CAST(sum(bytes) AS BIGINT) FROM served \
     WHERE member = $1 AND item BETWEEN $2 AND $3 GROUP BY item";
const JUDGED: &str = "SELECT item, CAST(sum(uploaded) AS BIGINT), \
     CAST(sum(verified) AS BIGINT) FROM carried \
     WHERE member = $1 AND item BETWEEN $2 AND $3 AND verified IS NOT NULL GROUP BY item";
