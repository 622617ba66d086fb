//! The bytes of all items: between peers, and from the publisher's own copy.

use std::collections::BTreeMap;

use policy::ItemId;

use crate::store::club::Club;
use crate::values::error::Error;

/// The bytes of an item since it was added.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct TransferredBytes {
    /// What members took from peers, as far as windows were judged.
    pub from_peers: u64,
    /// What the publisher's own copy sent.
    pub from_web_seed: u64,
}

impl Club {
    /// The bytes of every item that has any. O(n) in members by items.
    ///
    /// # Errors
    ///
    /// The database is unavailable.
    pub async fn bytes_by_item(&self) -> Result<BTreeMap<ItemId, TransferredBytes>, Error> {
        let mut db = self.reader().await?;
        let mut items = BTreeMap::<_, TransferredBytes>::new();
        db.visit(TAKEN, &[], &mut |row| {
            items.entry(ItemId(row.number(0)?)).or_default().from_peers = row.number(1)?;
            Ok(())
        })
        .await?;
        db.visit(SERVED, &[], &mut |row| {
            items.entry(ItemId(row.number(0)?)).or_default().from_web_seed = row.number(1)?;
            Ok(())
        })
        .await?;
        Ok(items)
    }
}

const TAKEN: &str = "SELECT item, CAST(sum(peers) AS BIGINT) FROM taken GROUP BY item";
const SERVED: &str = "SELECT item, CAST(sum(bytes) AS BIGINT) FROM served GROUP BY item";
