//! The publisher's own seed box: a member that usher makes, with a right to all items.

use policy::{ItemId, MemberId};

use crate::members::member::{self, Member, NewMember};
use crate::rights::entitlement;
use crate::store::club::Club;
use crate::store::tx::Tx;
use crate::values::error::Error;
use crate::values::name::SEED_BOX;
use crate::values::stamp::Stamp;

impl Club {
    /// The seed box, which is made with its right where there is none. One that is there is given
    /// no right: its right may have been taken back, or an older usher let a person have the name.
    ///
    /// # Errors
    ///
    /// The database is unavailable.
    pub async fn seed_box(&self, stamp: &Stamp) -> Result<Member, Error> {
        self.change(stamp, move |tx| Box::pin(async move { find_or_make(tx).await })).await
    }

    /// The seed box, where it was made.
    ///
    /// # Errors
    ///
    /// The database is unavailable.
    pub async fn find_seed_box(&self) -> Result<Option<MemberId>, Error> {
        match self.member(SEED_BOX).await {
            Ok(member) => Ok(Some(member.id)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

async fn find_or_make(tx: &mut Tx) -> Result<Member, Error> {
    match member::find(tx, SEED_BOX).await {
        Err(Error::NotFound { .. }) => {}
        found => return found,
    }
    let new = NewMember { name: SEED_BOX.to_owned(), tier: OUTSIDER.to_owned(), tier_until: None };
    let member = member::insert(tx, &new).await?;
    entitlement::give(tx, member.id, ItemId::ANY, None, SEED_BOX).await?;
    Ok(member)
}

/// The tier that every configuration has.
const OUTSIDER: &str = "outsider";
