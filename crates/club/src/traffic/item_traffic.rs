//! What all members together carried and took of an item.
//!
//! What was taken is the fall of what members' clients are missing, as far as windows were judged; what the publisher's
//! own copy sent of it is subtracted, so the rest came from peers. Deliberately absent: what people without a passkey
//! carried, which nobody can compare with anything.

use policy::ItemId;

use crate::store::club::Club;
use crate::store::sql::Row;
use crate::values::error::Error;

/// What members took of an item since it was added.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct TakenBytes {
    /// From peers and from the publisher's own copy.
    pub all: u64,
    /// From peers, so that the publisher's own copy did not have to send it.
    pub from_peers: u64,
}

/// What members carried of an item in the windows of the last 35 days.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct CarriedBytes {
    /// What their clients say they sent.
    pub reported: u64,
    /// What of it is believed.
    pub verified: u64,
}

/// Traffic of items. Each fails where the database is unavailable.
impl Club {
    /// What members took of an item. O(members who took it).
    ///
    /// # Errors
    ///
    /// The database is unavailable.
    pub async fn taken_of(&self, item: ItemId) -> Result<TakenBytes, Error> {
        let mut db = self.reader().await?;
        let read =
            |row: &dyn Row| Ok(TakenBytes { all: row.number(0)?, from_peers: row.number(1)? });
        Ok(db.one(TAKEN, &[item.0.into()], read).await?.unwrap_or_default())
    }

    /// What members carried of an item of late. O(members who carried it, times windows).
    ///
    /// # Errors
    ///
    /// The database is unavailable.
    pub async fn carried_of(&self, item: ItemId) -> Result<CarriedBytes, Error> {
        let mut db = self.reader().await?;
        let read =
            |row: &dyn Row| Ok(CarriedBytes { reported: row.number(0)?, verified: row.number(1)? });
        Ok(db.one(CARRIED, &[item.0.into()], read).await?.unwrap_or_default())
    }
}

/// Nobody takes more of an item than it is large, whatever falls: a client may download it again.
const TAKEN: &str = "SELECT \
     CAST(coalesce(sum(CASE WHEN taken.fell > item.size_bytes THEN item.size_bytes ELSE taken.fell END), 0) AS BIGINT), \
     CAST(coalesce(sum(taken.peers), 0) AS BIGINT) \
     FROM taken JOIN item ON item.id = taken.item WHERE taken.item = $1";
const CARRIED: &str = "SELECT CAST(coalesce(sum(uploaded), 0) AS BIGINT), \
     CAST(coalesce(sum(verified), 0) AS BIGINT) FROM carried WHERE item = $1";
